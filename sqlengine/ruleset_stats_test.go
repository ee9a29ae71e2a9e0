package sqlengine_test

import (
	"errors"
	"fmt"
	"testing"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

func ints(list ...int64) *value.Batch {
	b := &value.Batch{}
	for _, n := range list {
		b.Rows = append(b.Rows, value.Row{Cols: []value.Value{value.OfInt(n)}})
	}
	return b
}

// TestRulesetCountsRowsKeptAway: the counters of a rule tell of all rows of the
// stream while the rule is in the set, also to other goroutines.
func TestRulesetCountsRowsKeptAway(t *testing.T) {
	s := sqlengine.NewRuleset(func(id string, err error) { t.Error(id, err) })
	got := 0
	run := openRun(t, "SELECT a FROM demo WHERE a > 2", func(b *value.Batch) error { got += len(b.Rows); return nil })
	check := func(when string, in, out uint64) {
		t.Helper()
		stats := run.Stats()
		if stats[0].In != in || stats[0].Out != out || stats[1].In != out {
			t.Errorf("%s: %+v, want %d in and %d out", when, stats, in, out)
		}
	}
	if err := run.Push("demo", ints(3, 1)); err != nil {
		t.Fatal(err)
	}
	check("alone", 2, 1)
	s.Push("demo", ints(9)) // nobody is there
	s.Add("r", run)
	check("added", 2, 1)

	stop, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		for last := uint64(0); ; {
			in := run.Stats()[0].In
			if in < last {
				t.Errorf("%d rows after %d", in, last)
			}
			last = in
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	for range 100 {
		s.Push("demo", ints(1, 2, 3, 4))
	}
	check("pushed", 402, 201)
	s.Remove("r")
	s.Push("demo", ints(5))
	check("removed", 402, 201)
	if err := run.Push("demo", ints(0, 5)); err != nil {
		t.Fatal(err)
	}
	check("alone again", 404, 202)
	s.Add("r", run)
	s.Push("demo", ints(5))
	check("back", 405, 203)
	close(stop)
	<-stopped
	if got != 203 {
		t.Errorf("%d rows", got)
	}
}

// TestRulesetGivesOneBatch: a rule gets its rows of a batch at once, with the
// acknowledgement of the batch.
func TestRulesetGivesOneBatch(t *testing.T) {
	s := sqlengine.NewRuleset(func(id string, err error) { t.Error(id, err) })
	var sizes []int
	var acks []*value.Ack
	for _, sql := range []string{"SELECT a FROM demo WHERE a IN (1, 3)", "SELECT a FROM demo WHERE a = 7", "SELECT a FROM demo WHERE abs(a) > 1"} {
		s.Add(sql, openRun(t, sql, func(b *value.Batch) error {
			sizes, acks = append(sizes, len(b.Rows)), append(acks, b.Ack)
			return nil
		}))
	}
	acknowledged := 0
	b := ints(1, 2, 3, 1)
	b.Ack = value.NewAck(func(error) { acknowledged++ })
	s.Push("demo", b)
	if fmt.Sprint(sizes) != "[3 2]" || acks[0] != b.Ack || acks[1] != b.Ack {
		t.Errorf("batches of %v", sizes)
	}
	b.Ack.Release(nil)
	if acknowledged != 1 {
		t.Errorf("acknowledged %d times", acknowledged)
	}
}

// TestRulesetChanges: thousands of rules come and go, and their ranks with
// them; the order stays that in which they came.
func TestRulesetChanges(t *testing.T) {
	s := sqlengine.NewRuleset(func(id string, err error) { t.Error(id, err) })
	var seen []int
	add := func(i int) {
		sql := []string{"SELECT a FROM demo WHERE a > 0", "SELECT a FROM demo", "SELECT a FROM demo GROUP BY COUNTWINDOW(1)", "SELECT a FROM demo WHERE a = 1"}[i%4]
		s.Add(fmt.Sprint(i), openRun(t, sql, func(*value.Batch) error { seen = append(seen, i); return nil }))
	}
	const rules = 2000
	for i := range rules {
		add(i)
	}
	for i := range rules {
		if i%10 != 3 && i%10 != 4 {
			s.Remove(fmt.Sprint(i))
		}
	}
	for i := range 40 {
		add(rules + i)
	}
	add(3) // again: it is the last now
	s.Push("demo", ints(1))
	var want []int
	for i := range rules {
		if i%10 == 3 || i%10 == 4 {
			want = append(want, i)
		}
	}
	want = want[1:]
	for i := range 40 {
		want = append(want, rules+i)
	}
	if want = append(want, 3); fmt.Sprint(seen) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", seen, want)
	}
}

// TestRulesetPanicInAnotherRule: who panics in the middle does not keep the
// rules behind it from their rows, nor from being told the time.
func TestRulesetPanicInAnotherRule(t *testing.T) {
	var failed []string
	s := sqlengine.NewRuleset(func(id string, err error) { failed = append(failed, id) })
	results := 0
	count := func(*value.Batch) error { results++; return nil }
	const window = "SELECT a FROM demo WHERE a = 1 GROUP BY TUMBLINGWINDOW(ss, 1)"
	s.Add("first", openRun(t, window, count))
	s.Add("panics", openRun(t, window, func(*value.Batch) error { panic("boom") }))
	s.Add("errs", openRun(t, window, func(*value.Batch) error { return errors.New("no") }))
	s.Add("last", openRun(t, window, count))
	s.Push("demo", ints(1))
	s.Advance(1e9)
	if fmt.Sprint(failed) != "[panics errs]" || results != 2 {
		t.Errorf("failed %v, %d results", failed, results)
	}
	s.Advance(2e9)
	if next, ok := s.Next(); results != 4 || !ok || next != 3e9 {
		t.Errorf("%d results, next %d %v", results, next, ok)
	}
}

// TestRulesetReplacedByItself: a rule that puts another in its place and then
// fails does not take that one out.
func TestRulesetReplacedByItself(t *testing.T) {
	failed := 0
	s := sqlengine.NewRuleset(func(string, error) { failed++ })
	pushed := 0
	s.Add("r", openRun(t, "SELECT a FROM demo", func(*value.Batch) error {
		s.Add("r", openRun(t, "SELECT a FROM demo WHERE a = 1", func(*value.Batch) error { pushed++; return nil }))
		return errors.New("moved")
	}))
	s.Push("demo", ints(1))
	s.Push("demo", ints(1))
	if failed != 1 || pushed != 1 {
		t.Errorf("%d failures and %d pushes, want 1 and 1", failed, pushed)
	}
}
