package exec

import (
	"testing"
	"time"

	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// demoStream is a catalog of one stream without a schema.
type demoStream struct{}

func (demoStream) Stream(name string) (*plan.Stream, bool) {
	return &plan.Stream{Name: name, Schemaless: true}, true
}
func (demoStream) Names() []string { return nil }

// nowhere is the end of a query.
type nowhere struct{}

func (nowhere) Push(*value.Batch) error { return nil }
func (nowhere) Advance(int64) error     { return nil }
func (nowhere) Close() error            { return nil }

// TestDedupTriggerForgets: what is older than the last argument is not kept.
func TestDedupTriggerForgets(t *testing.T) {
	p, err := plan.Build("SELECT dedup_trigger(start, start + 5, start + 5, 100) FROM demo", demoStream{}, plan.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	run, err := Open(p, Env{Start: time.Unix(0, 0), OnRowError: func(e *RowError) { t.Error(e) }}, nowhere{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(1000) {
		row := value.Row{Time: i, Cols: []value.Value{value.OfInt(i * 10)}}
		if err := run.Push("demo", &value.Batch{Rows: []value.Row{row}}); err != nil {
			t.Fatal(err)
		}
	}
	d := run.ops[0].(*dedupTrigger)
	if len(d.taken) > 12 || len(d.waiting) > 0 {
		t.Errorf("%d slots of 100 ms are kept, and %d rows wait", len(d.taken), len(d.waiting))
	}
}
