package hub

import (
	"testing"
	"time"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

func rowsAt(times ...int64) []value.Row {
	rows := make([]value.Row, len(times))
	for i, t := range times {
		rows[i] = value.Row{Time: t, Cols: []value.Value{value.OfInt(int64(i + 1))}}
	}
	return rows
}

func TestLateRowsGetTheTimeOfTheClock(t *testing.T) {
	s := newShard(nil)
	s.clock = 5
	shared := rowsAt(3, 4, 6)
	got := s.inOrder(shared)
	for i, want := range []int64{5, 5, 6} {
		if got[i].Time != want {
			t.Errorf("row %d at %d, want %d", i, got[i].Time, want)
		}
	}
	if shared[0].Time != 3 {
		t.Error("rows of other shards were changed")
	}
	if same := s.inOrder(rowsAt(5, 6)); same[0].Time != 5 {
		t.Errorf("%v", same)
	}
}

// A delivery with rows on both sides of a window's end is split there.
func TestDeliveryIsSplitAtTheEndOfAWindow(t *testing.T) {
	st, err := sqlengine.ParseStatement(demo)
	if err != nil {
		t.Fatal(err)
	}
	streams := catalog{"demo": st.Stream}
	q, err := sqlengine.Compile("SELECT sum(a) AS s FROM demo GROUP BY TUMBLINGWINDOW(ss, 1)", streams, sqlengine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	out := newSink()
	start := time.Unix(1000, 0)
	run, err := q.Open(sqlengine.Env{Start: start, Location: time.UTC}, out)
	if err != nil {
		t.Fatal(err)
	}
	s := newShard(func(rule string, err error) { t.Errorf("%s: %v", rule, err) })
	s.set.Add("r", run)
	at := func(ms int64) int64 { return start.UnixNano() + ms*1e6 }
	acked := false
	s.handle(item{stream: "demo", batch: &value.Batch{
		Schema: &value.Schema{Columns: q.Columns("demo")}, Rows: rowsAt(at(100), at(999), at(1000), at(2500), at(2600)),
		Ack: value.NewAck(func(error) { acked = true }),
	}})
	s.advance(at(3000))
	out.want(t, "s=3 ", "s=3 ", "s=9 ")
	if !acked {
		t.Error("not acknowledged")
	}
}
