package exec_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/sqlengine/exec"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

var timed = catalog{
	"demo":  {Name: "demo", Schemaless: true, Options: plan.Options{Timestamp: "ts"}},
	"other": {Name: "other", Schemaless: true, Options: plan.Options{Timestamp: "at"}},
}

// eventRun is a run in event time with a clock that the test sets.
type eventRun struct {
	*exec.Run
	t    *testing.T
	plan *plan.Plan
	now  time.Time
	errs []string
	out  keeper
}

func openEvent(t *testing.T, sql string, set plan.Settings) *eventRun {
	t.Helper()
	set.EventTime = true
	p, err := plan.Build(sql, timed, set)
	if err != nil {
		t.Fatal(err)
	}
	r := &eventRun{t: t, plan: p, now: time.Unix(0, 0)}
	r.open()
	return r
}

func (r *eventRun) open() {
	r.t.Helper()
	var err error
	r.Run, err = exec.Open(r.plan, exec.Env{Start: time.Unix(0, 0), Location: time.UTC, Now: func() time.Time { return r.now },
		OnRowError: func(e *exec.RowError) { r.errs = append(r.errs, e.Error()) }}, &r.out)
	if err != nil {
		r.t.Fatal(err)
	}
}

// send pushes rows that hold nothing but their times, in seconds.
func (r *eventRun) send(stream string, seconds ...float64) {
	r.t.Helper()
	b := &value.Batch{}
	for _, s := range seconds {
		row := value.Row{Time: r.now.UnixNano()}
		for _, c := range r.plan.Inputs(stream) {
			v := value.Missing
			if c.Name == timed[stream].Options.Timestamp {
				v = value.OfInt(int64(s * 1000))
			}
			row.Cols = append(row.Cols, v)
		}
		b.Rows = append(b.Rows, row)
	}
	if err := r.Push(stream, b); err != nil {
		r.t.Fatal(err)
	}
}

// at lets the host's time pass, in seconds.
func (r *eventRun) at(seconds float64) {
	r.t.Helper()
	r.now = time.Unix(0, int64(seconds*1e9))
	if next, ok := r.Next(); ok && next <= r.now.UnixNano() {
		if err := r.Advance(r.now.UnixNano()); err != nil {
			r.t.Fatal(err)
		}
	}
}

// times are those of the results so far, in seconds.
func (r *eventRun) times() string {
	var list []string
	for _, row := range r.out.rows {
		list = append(list, fmt.Sprint(float64(row.Time)/1e9))
	}
	return strings.Join(list, " ")
}

func (r *eventRun) want(times string) {
	r.t.Helper()
	if got := r.times(); got != times {
		r.t.Fatalf("got %s, want %s", got, times)
	}
}

func TestLateRowsAreCounted(t *testing.T) {
	r := openEvent(t, "SELECT ts FROM demo", plan.Settings{LateTolerance: time.Second})
	r.send("demo", 1, 5, 4, 3, 2, 6, 5)
	r.want("1 4 5 5")
	s := r.Stats()[0]
	if s.Late != 2 || s.Held != 1 || s.Exceptions != 0 || len(r.errs) != 0 {
		t.Errorf("%+v, errors %q", s, r.errs)
	}
	if want := "watermark: a row of 1970-01-01T00:00:03Z came late: the watermark is at 1970-01-01T00:00:04Z"; s.LastException != want {
		t.Errorf("got %s\nwant %s", s.LastException, want)
	}
}

// TestWatermarkBoundsItsRows: beyond the bound the oldest rows leave, and the
// watermark with them.
func TestWatermarkBoundsItsRows(t *testing.T) {
	r := openEvent(t, "SELECT ts FROM demo", plan.Settings{LateTolerance: 1000 * time.Hour})
	const most = 1 << 18
	seconds := make([]float64, most+3)
	for i := range seconds {
		seconds[i] = float64(i + 1)
	}
	r.send("demo", seconds...)
	r.want("1 2 3")
	r.send("demo", 2)
	r.send("demo", 10)
	r.want("1 2 3 4")
	s := r.Stats()[0]
	if s.Held != most || s.Late != 1 || s.Exceptions != 1 || len(r.errs) != 1 || !strings.Contains(r.errs[0], "262144 rows wait") {
		t.Errorf("%+v, errors %q", s, r.errs)
	}
}

// TestIdleStreams: a silent stream holds the other back until the time-out, or
// for ever without one.
func TestIdleStreams(t *testing.T) {
	sql := "SELECT demo.ts FROM demo FULL JOIN other ON demo.ts = other.at GROUP BY TUMBLINGWINDOW(ss, 10)"
	for _, idle := range []time.Duration{0, 5 * time.Second} {
		r := openEvent(t, sql, plan.Settings{IdleTimeout: idle})
		r.at(1)
		r.send("demo", 1)
		r.at(2)
		r.send("demo", 12)
		r.want("")
		r.at(4.9)
		r.want("")
		r.at(5)
		if idle == 0 {
			r.at(1000)
			r.want("")
			r.send("other", 30)
			r.want("10")
			r.send("demo", 20)
			r.want("10 20")
			continue
		}
		r.want("10")
		r.at(6)
		r.send("other", 11) // late by now
		r.send("other", 13)
		r.at(6.5)
		r.send("demo", 25)
		r.want("10")
		r.send("other", 26) // lets demo pass
		r.want("10 20 20")
		if late := r.Stats()[1].Late; late != 1 {
			t.Errorf("%d late rows", late)
		}
	}
}

// TestAllIdle: when all streams are silent the watermark goes to the newest
// time, and on with the host's clock, so that the last window comes.
func TestAllIdle(t *testing.T) {
	r := openEvent(t, "SELECT ts FROM demo GROUP BY TUMBLINGWINDOW(ss, 10)",
		plan.Settings{LateTolerance: 3 * time.Second, IdleTimeout: 5 * time.Second})
	if next, ok := r.Next(); !ok || next != 5e9 {
		t.Fatalf("next %d, %v", next, ok)
	}
	r.at(5)
	if next, ok := r.Next(); ok {
		t.Fatalf("nothing has come, and the query waits for %d", next)
	}
	r.at(100)
	r.send("demo", 1012, 1014)
	if next, ok := r.Next(); !ok || next != 105e9 {
		t.Fatalf("next %d, %v", next, ok)
	}
	r.at(105)
	if next, ok := r.Next(); !ok || next != 111e9 { // 1014 → 1020 takes six seconds
		t.Fatalf("next %d, %v", next, ok)
	}
	r.at(110.9)
	r.want("")
	r.restart(500)
	if next, ok := r.Next(); !ok || next != 500.1e9 {
		t.Fatalf("next %d, %v", next, ok)
	}
	r.at(500.1)
	r.want("1020 1020")
	r.send("demo", 1019, 1021) // the clock has passed 1020
	r.at(520)
	r.want("1020 1020 1030")
	if late := r.Stats()[0].Late; late != 1 {
		t.Errorf("%d late rows", late)
	}
}

// restart moves the state to a run that is opened later.
func (r *eventRun) restart(seconds float64) {
	r.t.Helper()
	state := r.Snapshot()
	r.now = time.Unix(0, int64(seconds*1e9))
	r.open()
	if err := r.Restore(state); err != nil {
		r.t.Fatal(err)
	}
}

func TestTimestampErrors(t *testing.T) {
	r := openEvent(t, "SELECT ts FROM demo", plan.Settings{})
	push := func(v value.Value) {
		if err := r.Push("demo", &value.Batch{Rows: []value.Row{{Cols: []value.Value{v}}}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		v    value.Value
		want string
	}{
		{value.Missing, "watermark: the row has no timestamp ts"},
		{value.Value{}, "watermark: the row has no timestamp ts"},
		{value.OfBool(true), "watermark: timestamp ts must be DATETIME, not BOOLEAN"},
		{value.OfString("yesterday"), `watermark: timestamp ts is no time: "yesterday"`},
		{value.OfInt(1 << 62), "watermark: timestamp ts is out of the range of times"},
		{value.OfInt(7e12), "watermark: timestamp ts is out of the range of event times"},
		{value.OfInt(-5e12), "watermark: timestamp ts is out of the range of event times"},
	} {
		r.errs = nil
		push(tc.v)
		if len(r.errs) != 1 || !strings.HasPrefix(r.errs[0], tc.want) {
			t.Errorf("%v: %q, want %s", tc.v, r.errs, tc.want)
		}
	}
	push(value.OfTime(3e9))
	push(value.OfFloat(4500))
	push(value.OfString("1970-01-01T00:00:05Z"))
	r.want("3 4.5 5")
}

// TestEventOrder: a query without a window has its rows in the order of their
// times, those of one time as they came, however they are cut into batches.
func TestEventOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t)
		c.eventTime, c.filter, c.grouped = true, false, false
		p, err := plan.Build("SELECT id, event_time() FROM demo", timed, plan.Settings{EventTime: true, LateTolerance: time.Duration(c.late) * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		h := &timedHost{t: t, plan: p, out: &printedResults{}}
		h.open()
		for i := 0; i < len(c.rows); {
			n := min(rapid.IntRange(1, 4).Draw(t, "batch"), len(c.rows)-i)
			h.push(c.rows[i : i+n])
			i += n
			if rapid.Bool().Draw(t, "restart") {
				h.restart()
			}
		}
		rows, _ := c.arriving()
		var want []string
		for _, r := range rows {
			want = append(want, fmt.Sprintf("[%d,%d]", r.id, r.event))
		}
		if got := strings.Join(h.out.results, ""); got != strings.Join(want, "") {
			t.Fatalf("%+v\ngot  %s\nwant %s", c, got, want)
		}
	})
}

// TestClockJumps: of a gap of too many windows without rows none is emitted,
// one exception is counted, and the windows behind it are exact. Windows that
// have no result then are passed in silence.
func TestClockJumps(t *testing.T) {
	const day = 24 * 3600
	for _, tc := range []struct {
		sql     string
		to      float64
		results int
		last    string
		errs    string
	}{
		{"SELECT count(*) FROM demo GROUP BY TUMBLINGWINDOW(ss, 1)", day, day + 1, " 86400 86401", ""},
		{"SELECT count(*) FROM demo GROUP BY TUMBLINGWINDOW(ss, 1)", 30 * 365 * day, 2, "1 9.46080001e+08",
			"window: 946079999 windows without rows are left out, from 1970-01-01T00:00:01Z to 1999-12-25T00:00:00Z"},
		{"SELECT ts FROM demo GROUP BY HOPPINGWINDOW(ss, 3, 1)", 30 * 365 * day, 4, "1 2 3 9.46080001e+08",
			"window: 946079997 windows without rows are left out, from 1970-01-01T00:00:03Z to 1999-12-25T00:00:00Z"},
		{"SELECT count(*) FROM demo GROUP BY ts, TUMBLINGWINDOW(ms, 1)", 30 * 365 * day, 2, "0.501 9.460800000009999e+08", ""},
		{"SELECT count(*) FROM demo GROUP BY TUMBLINGWINDOW(dd, 1)", 30 * 365 * day, 30 * 365, "9.4608e+08", ""},
	} {
		for _, event := range []bool{true, false} {
			p, err := plan.Build(tc.sql, timed, plan.Settings{EventTime: event})
			if err != nil {
				t.Fatal(err)
			}
			r := &eventRun{t: t, plan: p, now: time.Unix(0, 0)}
			r.open()
			r.now = time.Unix(0, 5e8)
			to := tc.to
			if event {
				r.send("demo", 0.5)
				r.send("demo", to)
				to += 1
				r.send("demo", to)
			} else {
				r.send("demo", 0)
				r.restart(to)
				r.at(to)
				r.send("demo", 0)
				r.at(to + 1)
			}
			if got := r.times(); len(r.errs) > 1 || strings.Join(r.errs, "") != tc.errs || !strings.HasSuffix(got, tc.last) || r.out.batches != tc.results {
				t.Errorf("%s, event time %v: %d results up to %s, errors %q", tc.sql, event, r.out.batches, got[max(0, len(got)-30):], r.errs)
			}
		}
	}
}
