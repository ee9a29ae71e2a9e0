package hub

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/journal"
)

// What is damaged is left out and counted; the rest is replayed with its times,
// as if no time had passed.
func TestReplay(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "intake")
	start := time.Now().Add(-time.Hour).Truncate(10 * time.Second)
	l, err := journal.Open(journal.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, demo)
	_, conf, err := b.configure(b.streams["demo"])
	if err != nil {
		t.Fatal(err)
	}
	var records [][]byte
	for i := range 40 {
		at := start.Add(time.Duration(i) * time.Second)
		records = append(records, recordsOf(originOf(conf.Key), []connector.Inbound{{Payload: fmt.Appendf(nil, `{"a":%d}`, i), Time: at}})...)
	}
	records[7] = []byte("no message")
	records[9] = recordsOf(originOf("another source"), []connector.Inbound{{Payload: []byte(`{"a":1000}`), Time: start}})[0]
	if _, err := l.Append(t.Context(), records...); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	b.keeping(IntakeOptions{Dir: dir})
	b.Hold(Moment{Clock: start.UnixNano(), Next: 2})
	out := newSink()
	r, err := b.rule("r", "SELECT sum(a) AS s, window_end() AS e FROM demo GROUP BY TUMBLINGWINDOW(ss, 10)", out)
	if err != nil {
		t.Fatal(err)
	}
	r.Env.Start = start
	if _, err := b.Attach(r); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Cut(t.Context()); !errors.Is(err, ErrHeld) {
		t.Errorf("a cut before the replay: %v", err)
	}
	if opened, _ := b.feeds.get("demo").connections(); opened > 0 {
		t.Error("the source has connected before the replay")
	}
	<-b.Resume()
	for i, want := range []int{2 + 3 + 4 + 5 + 6 + 8, 145 - 0, 245, 345} {
		out.want(t, fmt.Sprintf("s=%d e=%d ", want, start.Add(time.Duration(i+1)*10*time.Second).UnixMilli()))
	}
	if s := b.Intake(); s.Damaged != 1 {
		t.Errorf("%+v", s)
	}
	waitFor(t, func() bool { opened, _ := b.feeds.get("demo").connections(); return opened == 1 })
	if m, err := b.Cut(t.Context()); err != nil || m.Next != 40 {
		t.Errorf("%+v, %v", m, err)
	}
}

// A rule whose state is of a later moment comes in there.
func TestLateRuleComesInLater(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "intake")
	b := newBench(t, demo)
	_, conf, err := b.configure(b.streams["demo"])
	if err != nil {
		t.Fatal(err)
	}
	l, err := journal.Open(journal.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		r := recordsOf(originOf(conf.Key), []connector.Inbound{{Payload: fmt.Appendf(nil, `{"a":%d}`, i), Time: time.Now()}})
		if _, err := l.Append(t.Context(), r...); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	b.keeping(IntakeOptions{Dir: dir})
	b.Hold(Moment{Next: 5, Behind: map[string]journal.Offset{"other": 3}})
	outs := map[journal.Offset]*sink{}
	for _, after := range []journal.Offset{0, 7, 100} {
		outs[after] = newSink()
		r, err := b.rule(fmt.Sprint("r", after), "SELECT a FROM demo", outs[after])
		if err != nil {
			t.Fatal(err)
		}
		r.After = after
		if _, err := b.Attach(r); err != nil {
			t.Fatal(err)
		}
	}
	<-b.Resume()
	outs[0].want(t, "a=5 ", "a=6 ", "a=7 ", "a=8 ", "a=9 ")
	outs[7].want(t, "a=7 ", "a=8 ", "a=9 ")
	b.feeds.get("demo").send(`{"a":10}`)
	for _, out := range outs {
		out.want(t, "a=10 ")
	}
}

// A replay that the end of the service cuts short comes again.
func TestReplayCutShort(t *testing.T) {
	noLeak(t)
	dir := filepath.Join(t.TempDir(), "intake")
	const n = 20_000 // more than the queues hold
	b := newBench(t, demo).keeping(IntakeOptions{Dir: dir})
	b.attachDurable("r", "SELECT a FROM demo", make(chan []byte, 9))
	var payloads []string
	for i := range n {
		payloads = append(payloads, fmt.Sprintf(`{"a":%d}`, i))
	}
	acked := make(chan error, 1)
	b.feeds.get("demo").give(delivery{payloads: payloads, ack: func(err error) { acked <- err }})
	if err := <-acked; err != nil {
		t.Fatal(err)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	b = newBench(t, demo).keeping(IntakeOptions{Dir: dir})
	b.Hold(Moment{})
	hold := make(chan struct{})
	_, out := b.attachDurable("r", "SELECT a FROM demo", make(chan []byte, 9))
	out.fail = func() error { <-hold; return nil }
	live := b.Resume()
	b.Silence(t.Context(), func(context.Context) {})
	close(hold)
	<-live
	if _, err := b.Cut(t.Context()); err == nil {
		t.Error("a checkpoint of a replay that was cut short")
	}
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	b = newBench(t, demo).keeping(IntakeOptions{Dir: dir})
	b.Hold(Moment{})
	_, out = b.attachDurable("r", "SELECT a FROM demo", make(chan []byte, 9))
	<-b.Resume()
	for i := range n {
		out.want(t, fmt.Sprintf("a=%d ", i))
	}
}
