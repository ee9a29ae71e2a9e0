package sqlengine_test

import (
	"testing"
	"time"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// A rule that its own output removes waits for no time any more.
func TestRuleRemovesItself(t *testing.T) {
	set := sqlengine.NewRuleset(func(id string, err error) { t.Error(id, err) })
	results := 0
	run, err := compile(t, "SELECT count(*) AS n FROM demo GROUP BY TUMBLINGWINDOW(ss, 1)").Open(
		sqlengine.Env{Start: time.Unix(1000, 0), Location: time.UTC}, &sink{func(*value.Batch) error {
			results++
			set.Remove("r")
			return nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	set.Add("r", run)
	next, ok := set.Next()
	if !ok {
		t.Fatal("the rule waits for no time")
	}
	set.Advance(next)
	set.Advance(next + 5e9)
	if at, waits := set.Next(); waits || results != 1 {
		t.Errorf("%d results; a removed rule waits for %d: %v", results, at, waits)
	}
}
