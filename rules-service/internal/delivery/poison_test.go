package delivery

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// touchy closes the connection on some payloads; those before them in the same
// batch have arrived.
type touchy struct {
	poison   []string
	away     int // attempts to connect that fail after each loss
	refusals int
	losses   int
	got      []string
}

func (s *touchy) Connect(context.Context) error {
	if s.refusals > 0 {
		s.refusals--
		return errRefused
	}
	return nil
}

func (s *touchy) Write(_ context.Context, msgs []connector.Outbound) error {
	for i := range msgs {
		if !slices.Contains(s.poison, string(msgs[i].Payload)) {
			continue
		}
		s.losses++
		if s.refusals = s.away; s.losses == 10 {
			s.poison = nil
		}
		return fmt.Errorf("%w: closed", connector.ErrConnectionLost)
	}
	for i := range msgs {
		s.got = append(s.got, string(msgs[i].Payload))
	}
	return nil
}

func (s *touchy) Close(context.Context) error { return nil }

// Only the message that the target closes the connection on is dropped.
func TestPoisonIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &touchy{poison: payloads(3, 4)}
		target := open(t, poolOf(s), single, Form{})
		released := 0
		ack := value.NewAck(func(err error) {
			if released++; err != nil {
				t.Error(err)
			}
		})
		_ = target.Push(rows(ack, 0, 1, 2, 3, 4, 5))
		ack.Release(nil)
		if err := target.Finish(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := slices.Concat(payloads(0, 3), payloads(4, 6)); !slices.Equal(s.got, want) {
			t.Errorf("arrived: %v", s.got)
		}
		if s.losses != 1+fatalLosses || released != 1 {
			t.Errorf("%d losses, %d acks", s.losses, released)
		}
		stats := target.Stats()
		const want = `the broker closed the connection 3 times on this message, topic "t"`
		if stats.Dropped != 1 || stats.RecordsOut != 5 || stats.LastException != want || stats.Connection != Connected {
			t.Errorf("%+v", stats)
		}
	})
}

// A target that was away after each loss may have had its reasons.
func TestAbsenceIsNoPoison(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &touchy{poison: payloads(0, 1), away: 1}
		target := open(t, poolOf(s), single, Form{})
		_ = target.Push(rows(nil, 0, 1))
		_ = target.Finish(t.Context())
		if stats := target.Stats(); s.losses != 10 || stats.Dropped != 0 || !slices.Equal(s.got, payloads(0, 2)) {
			t.Fatalf("%d losses, %v, %+v", s.losses, s.got, stats)
		}
	})
}

// What was lost before it was sent accuses no message.
func TestUnsentIsNoPoison(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: slices.Repeat([]error{connector.ErrNotConnected}, 10)}
		target := open(t, f.pool(), single, Form{})
		_ = target.Push(rows(nil, 0))
		_ = target.Finish(t.Context())
		if stats := target.Stats(); stats.Dropped != 0 || stats.RecordsOut != 1 {
			t.Fatalf("%+v", stats)
		}
	})
}

// Dropped messages are logged once, until messages are written again.
func TestDropsAreLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		f := &fake{answers: slices.Repeat([]error{&connector.Permanent{Err: errRefused}}, 5)}
		p := f.pool()
		p.env.Log = slog.New(slog.NewTextHandler(&log, nil))
		target := open(t, p, single, Form{})
		push := func(n int) string {
			log.Reset()
			for range n {
				_ = target.Push(rows(nil, 1))
				synctest.Wait()
			}
			return log.String()
		}
		first := push(5)
		if strings.Count(first, "\n") != 1 {
			t.Errorf("logged %q", first)
		}
		for _, want := range []string{"level=WARN", "rule=r1", "action=fake_0", "sink=fake", "error=refused"} {
			if !strings.Contains(first, want) {
				t.Errorf("%q is not in %q", want, first)
			}
		}
		if s := push(2); s != "" {
			t.Errorf("a success is logged: %q", s)
		}
		refuse := func() { f.set(func() { f.answers = []error{&connector.Permanent{Err: errRefused}} }) }
		refuse()
		if s := push(2); s != "" {
			t.Errorf("good and bad in turn are logged: %q", s)
		}
		time.Sleep(quiet)
		refuse()
		if s := push(1); strings.Count(s, "\n") != 1 {
			t.Errorf("after a success: logged %q", s)
		}
		_ = target.Finish(t.Context())
	})
}

// A line about a connection names its target.
func TestConnectionIsNamed(t *testing.T) {
	var log bytes.Buffer
	logOf(&connector.SinkConfig{Type: "mqtt", Target: "tcp://h:1883"}, slog.New(slog.NewTextHandler(&log, nil))).Warn("x")
	if !strings.Contains(log.String(), "sink=mqtt target=tcp://h:1883") {
		t.Fatal(log.String())
	}
}

// A template that takes an array for one result drops the message, and says
// what to do.
func TestTemplateOverArrayHint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := open(t, (&fake{}).pool(), map[string]any{"dataTemplate": "{{.a}}"}, Form{})
		var acks atomic.Int64
		ack := value.NewAck(func(error) { acks.Add(1) })
		_ = target.Push(rows(ack, 1, 2))
		ack.Release(nil)
		_ = target.Finish(t.Context())
		s := target.Stats()
		if s.Dropped != 2 || s.Exceptions != 2 || acks.Load() != 1 || !strings.Contains(s.LastException, "can't evaluate field a in type []map") ||
			!strings.HasSuffix(s.LastException, "use {{range .}}…{{end}}, or set sendSingle") {
			t.Fatalf("%+v", s)
		}
	})
}
