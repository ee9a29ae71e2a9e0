package hub

import (
	"fmt"
	"sync/atomic"
	"testing"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// setter gives the rules a parameter.
type setter struct {
	to   []*Attachment
	seen atomic.Int64
}

func (s *setter) Push(b *value.Batch) error {
	for _, row := range b.Rows {
		for _, a := range s.to {
			a.SetParam("limit", row.Cols[0])
		}
		s.seen.Add(1)
	}
	return nil
}
func (*setter) Advance(int64) error { return nil }
func (*setter) Close() error        { return nil }

// limited attaches a rule with a limit, and feeder what sets it.
func (b *bench) limited(id, stream string) (*Attachment, *sink) {
	b.t.Helper()
	out := newSink()
	q, err := sqlengine.Compile("SELECT a FROM "+stream+" WHERE a > $limit", b.streams, sqlengine.Options{Params: map[string]value.Value{"limit": value.OfInt(10)}})
	if err != nil {
		b.t.Fatal(err)
	}
	a, err := b.Attach(Rule{ID: id, Query: q, Streams: []*sqlengine.Stream{b.streams[stream]}, Out: out})
	if err != nil {
		b.t.Fatal(err)
	}
	return a, out
}

func (b *bench) feeder(id, sql string, s *setter) *Attachment {
	b.t.Helper()
	r, err := b.rule(id, sql, newSink())
	if err != nil {
		b.t.Fatal(err)
	}
	r.Out, r.Feeder = s, true
	a, err := b.Attach(r)
	if err != nil {
		b.t.Fatal(err)
	}
	return a
}

// A feeder of another connection, on whichever shard, reaches the rules.
func TestParametersOverShards(t *testing.T) {
	noLeak(t)
	b := newBench(t, demo, `CREATE STREAM limits (v BIGINT) WITH (TYPE="feed", DATASOURCE="limits", FORMAT="json")`)
	s := &setter{}
	f := b.feeder("r/limit", "SELECT v FROM limits", s)
	var outs []*sink
	for i := range 2 * maxShards {
		a, out := b.limited(fmt.Sprint("r", i), "demo")
		if i%2 == 0 { // the hub puts the rules of a stream together
			b.elsewhere(a)
		}
		s.to, outs = append(s.to, a), append(outs, out)
	}
	if opened, _ := b.feeds.get("limits").connections(); opened != 0 {
		t.Error("the source of a feeder has connected before Begin")
	}
	f.Begin()
	for limit := range 100 {
		b.feeds.get("limits").send(fmt.Sprintf(`{"v":%d}`, 10*limit))
		waitFor(t, func() bool { return s.seen.Load() == int64(limit)+1 })
		b.feeds.get("demo").send(fmt.Sprintf(`{"a":%d}`, 10*limit), fmt.Sprintf(`{"a":%d}`, 10*limit+1))
		for _, out := range outs {
			out.want(t, fmt.Sprintf("a=%d ", 10*limit+1))
			out.wantNothing(t)
		}
	}
	if err := f.Detach(); err != nil {
		t.Error(err)
	}
	for _, a := range s.to {
		if err := a.Detach(); err != nil {
			t.Error(err)
		}
		a.SetParam("limit", value.OfInt(1)) // it is too late, and does no harm
	}
}

// elsewhere moves a rule to the last shard.
func (b *bench) elsewhere(a *Attachment) {
	to := b.shards[len(b.shards)-1]
	if to == a.shard {
		return
	}
	a.shard.call(func() { a.shard.remove(a) })
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range a.reads {
		st := a.reads[i].stream
		st.mu.Lock()
		st.shards.leave(a.shard)
		st.shards.enter(to)
		st.mu.Unlock()
	}
	a.shard.rules--
	to.rules++
	a.shard = to
	a.join()
}

// Feeders come and go with their streams.
func TestFeedersComeAndGo(t *testing.T) {
	noLeak(t)
	b := newBench(t, demo)
	s := &setter{}
	a, out := b.limited("r", "demo")
	s.to = []*Attachment{a}
	one, two := b.feeder("r/limit", "SELECT b FROM demo WHERE b > 0", s), b.feeder("r/other", "SELECT b FROM demo WHERE b > 1000", s)
	one.Begin()
	two.Begin()
	b.feeds.get("demo").send(`{"a":11}`, `{"b":20}`, `{"a":20}`, `{"a":21}`)
	out.want(t, "a=11 ", "a=21 ")
	two.Detach()
	b.feeds.get("demo").send(`{"b":30}`, `{"a":30}`, `{"a":31}`)
	out.want(t, "a=31 ")
	if stats := one.Stats(); stats.Sources[0].Counts.Rows != 7 {
		t.Errorf("%+v", stats.Sources)
	}
	one.Detach()
	b.feeds.get("demo").send(`{"b":40}`, `{"a":31}`)
	out.want(t, "a=31 ")
	for _, shard := range b.shards {
		shard.call(func() {
			if len(shard.feeders.on) != 0 {
				t.Errorf("feeders are left: %v", shard.feeders.on)
			}
		})
	}
	a.Detach()
}
