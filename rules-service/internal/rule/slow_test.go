package rule

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
)

// flood is a source that brings many rows at a time, and a sink that is there
// and takes nothing.
type flood struct{ quiet }

func (flood) Read(ctx context.Context) ([]connector.Inbound, func(error), error) {
	time.Sleep(time.Millisecond)
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	msgs := make([]connector.Inbound, 100)
	for i := range msgs {
		msgs[i].Payload = []byte("{}")
	}
	return msgs, nil, nil
}

func (flood) Write(ctx context.Context, _ []connector.Outbound) error {
	<-ctx.Done()
	return ctx.Err()
}

// A sink that hangs holds its rule back; stopping the rule must not wait for
// it longer than it takes to give up.
func TestRuleWithAHangingSinkCanBeStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, st := openWith(t, "flood", flood{})
		if _, err := m.Execute(`CREATE STREAM s () WITH (TYPE="flood", FORMAT="json")`); err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"r", "other"} {
			if _, _, err := m.Create(`{"id":"` + id + `","sql":"SELECT 1 AS one FROM s","actions":[{"flood":{"bufferLength":2}}]}`); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(500 * time.Millisecond) // the queue is full, and not yet given up
		start := time.Now()
		if err := m.StopRule("r"); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > 2*finishTimeout {
			t.Errorf("stopping took %v", took)
		}
		expect(t, m, Stopped, canceled)
		start = time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := errors.Join(m.Close(ctx), st.Close()); err != nil {
			t.Log(err)
		}
		if took := time.Since(start); took > 6*time.Second {
			t.Errorf("closing took %v", took)
		}
	})
}
