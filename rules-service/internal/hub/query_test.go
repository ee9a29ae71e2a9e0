package hub

import (
	"testing"
	"time"

	"sluice/sqlengine"
)

// A rule that joins two streams gets the rows of both connections.
func TestRuleJoinsTwoStreams(t *testing.T) {
	noLeak(t)
	b := newBench(t, demo, `CREATE STREAM plan (a BIGINT, name STRING) WITH (TYPE="feed", DATASOURCE="plan", FORMAT="json")`)
	a, out := b.attach("r", "SELECT demo.v, plan.name FROM demo INNER JOIN plan ON demo.a = plan.a GROUP BY COUNTWINDOW(4)")
	b.feeds.get("demo").send(`{"a":1,"v":10}`, `{"a":2,"v":20}`)
	b.feeds.get("plan").send(`{"a":2,"name":"x"}`, `{"a":3,"name":"y"}`)
	out.want(t, `v=20 name="x" `)
	if s := a.Stats(); len(s.Sources) != 2 || s.Sources[0].Counts.Rows != 2 || s.Sources[1].Counts.Rows != 2 {
		t.Errorf("%+v", s.Sources)
	}
	if err := a.Detach(); err != nil {
		t.Error(err)
	}
}

// In event time the rows tell the time, whenever they come; a stream that falls
// silent is found by the clock.
func TestRuleInEventTime(t *testing.T) {
	noLeak(t)
	b := newBench(t, `CREATE STREAM demo (a BIGINT, at BIGINT) WITH (TYPE="feed", DATASOURCE="demo", FORMAT="json", TIMESTAMP="at")`)
	q, err := sqlengine.Compile("SELECT sum(a) AS s, window_end() AS e FROM demo GROUP BY TUMBLINGWINDOW(ss, 1)", b.streams,
		sqlengine.Options{EventTime: true, LateTolerance: time.Second, IdleTimeout: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	out := newSink()
	a, err := b.Attach(Rule{ID: "r", Query: q, Env: sqlengine.Env{RuleID: "r", Start: time.Now(), Location: time.UTC},
		Streams: []*sqlengine.Stream{b.streams["demo"]}, Out: out})
	if err != nil {
		t.Fatal(err)
	}
	b.feeds.get("demo").send(`{"a":1,"at":500}`, `{"a":4,"at":2500}`, `{"a":2,"at":1600}`, `{"a":8,"at":2000}`, `{"a":16,"at":400}`)
	out.want(t, "s=1 e=1000 ", "s=2 e=2000 ", "s=12 e=3000 ")
	if err := a.Detach(); err != nil {
		t.Error(err)
	}
}
