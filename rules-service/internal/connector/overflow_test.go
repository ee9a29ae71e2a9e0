package connector

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func outbound(from, to int) []Outbound {
	var out []Outbound
	for i := from; i < to; i++ {
		out = append(out, Outbound{Payload: fmt.Append(nil, i)})
	}
	return out
}

// What comes faster than the target takes it goes together, in order, and none
// is lost.
func TestOverflowMerges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent []string
		var times []time.Time
		o := Overflow{Pace: NewPace(Rate{20, time.Minute}), Send: func(_ context.Context, msgs []Outbound) error {
			for i := range msgs {
				sent = append(sent, string(msgs[i].Payload))
			}
			times = append(times, time.Now())
			return nil
		}}
		start := time.Now()
		for n := 0; n < 1000; n += 100 {
			if err := o.Write(t.Context(), outbound(n, n+100)); err != nil {
				t.Fatal(err)
			}
		}
		for i, text := range sent {
			if text != fmt.Sprint(i) {
				t.Fatalf("%s came where %d was due", text, i)
			}
		}
		if len(sent) != 1000 {
			t.Errorf("%d came", len(sent))
		}
		if len(times) != 19 || busiest(times, time.Minute) > 20 || time.Since(start) != 54*time.Second {
			t.Errorf("%d messages in %s", len(times), time.Since(start))
		}
	})
}

// Messages that do not go together wait.
func TestOverflowThatDoesNotMerge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sizes []int
		o := Overflow{Pace: NewPace(Rate{2, time.Second}),
			Joins: func(first, m *Outbound) bool { return first.Payload[0] == m.Payload[0] },
			Send:  func(_ context.Context, msgs []Outbound) error { sizes = append(sizes, len(msgs)); return nil }}
		if err := o.Write(t.Context(), outbound(9, 12)); err != nil { // 9, 10, 11
			t.Fatal(err)
		}
		if !slices.Equal(sizes, []int{1, 2}) {
			t.Error(sizes)
		}
	})
}

// Each message has its own fate: those refused, those that come again, and
// those that have arrived.
func TestOverflowErrors(t *testing.T) {
	refusal, busy := &Permanent{errors.New("no")}, errors.New("busy")
	for _, c := range []struct {
		name   string
		errs   map[string]error // by payload
		failed []int
		want   string
	}{
		{"none", nil, nil, ""},
		{"one is refused", map[string]error{"1": refusal}, []int{1}, "permanent"},
		{"busy", map[string]error{"2": busy}, []int{2, 3}, "retry"},
		{"refused, then busy", map[string]error{"0": refusal, "2": busy}, []int{0, 2, 3}, "retry"},
		{"all busy", map[string]error{"0": busy}, nil, "retry"},
		{"all refused", map[string]error{"0": refusal, "1": refusal, "2": refusal, "3": refusal}, nil, "permanent"},
	} {
		o := Overflow{Pace: NewPace(), Send: func(_ context.Context, msgs []Outbound) error { return c.errs[string(msgs[0].Payload)] }}
		err := o.Write(t.Context(), outbound(0, 4))
		var partial *Partial
		var failed []int
		if errors.As(err, &partial) {
			failed = partial.Failed
		}
		if classOf(err) != c.want || !slices.Equal(failed, c.failed) {
			t.Errorf("%s: %v %v", c.name, err, failed)
		}
	}
	o := Overflow{Pace: NewPace(Rate{1, time.Hour}), Send: func(context.Context, []Outbound) error { return nil }}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := o.Write(ctx, outbound(0, 2)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
