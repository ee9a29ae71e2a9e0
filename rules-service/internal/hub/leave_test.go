package hub

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// What a source has acknowledged when the service ends still goes through the
// rules, though their queues are full.
func TestSilenceLosesNothingThatWasAcknowledged(t *testing.T) {
	noLeak(t)
	b := newBench(t, demo).keeping(IntakeOptions{})
	_, out := b.attachDurable("r", "SELECT a FROM demo", make(chan []byte, 9))
	hold := make(chan struct{})
	out.fail = func() error { <-hold; return nil }
	const fits = queueLength + 2 // one is at the rule, one waits for room
	acked := make(chan error, 2*fits)
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for n := 0; b.feeds.get("demo").giveUntil(stop, delivery{payloads: []string{fmt.Sprintf(`{"a":%d}`, n)}, ack: func(err error) { acked <- err }}); n++ {
		}
	}()
	for range fits {
		if err := <-acked; err != nil {
			t.Fatal(err)
		}
	}
	silent := make(chan struct{})
	go func() {
		defer close(silent)
		b.Silence(t.Context(), func(context.Context) {})
	}()
	waitFor(t, b.ended)
	close(hold)
	<-silent
	close(stop)
	<-ended
	m, err := b.Cut(t.Context())
	if err != nil || int(m.Next) != fits || m.Behind != nil {
		t.Errorf("%+v, %v", m, err)
	}
	for n := range fits {
		out.want(t, fmt.Sprintf("a=%d ", n))
	}
}

// ended tells whether all sources are to end.
func (b *bench) ended() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.sources {
		if s.ctx.Err() == nil {
			return false
		}
	}
	return true
}

// A rule leaves behind what was delivered, with its state then; one that is
// held up for longer than it may be, without.
func TestLeave(t *testing.T) {
	b := newBench(t, demo).keeping(IntakeOptions{})
	a, out := b.attachDurable("r", "SELECT sum(a) AS s FROM demo GROUP BY COUNTWINDOW(3)", make(chan []byte, 9))
	acked := make(chan error, 9)
	for n := range 5 {
		b.feeds.get("demo").give(delivery{payloads: []string{fmt.Sprintf(`{"a":%d}`, n)}, ack: func(err error) { acked <- err }})
		<-acked
	}
	state, at, ok := a.Leave(t.Context())
	if !ok || at > 5 {
		t.Fatalf("at %d, %v", at, ok)
	}
	out.want(t, "s=3 ")
	if _, _, again := a.Leave(t.Context()); again {
		t.Error("it left twice")
	}
	if err := a.Detach(); err != nil {
		t.Error(err)
	}

	out = newSink()
	r, err := b.rule("r", "SELECT sum(a) AS s FROM demo GROUP BY COUNTWINDOW(3)", out)
	if err != nil {
		t.Fatal(err)
	}
	r.State, r.Durable, r.AtCut = state, true, func([]byte) {}
	a, err = b.Attach(r)
	if err != nil {
		t.Fatal(err)
	}
	hold, stands := make(chan struct{}), make(chan struct{})
	out.fail = func() error { close(stands); <-hold; return nil }
	defer close(hold)
	b.feeds.get("demo").send(`{"a":5}`)
	<-stands
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, _, ok := a.Leave(ctx); ok {
		t.Error("it left a shard that stands still")
	}
}
