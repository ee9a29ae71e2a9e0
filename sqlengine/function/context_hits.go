package function

import (
	"time"

	"sluice/sqlengine/value"
)

var lastHitCount = hitFunction("last_hit_count", "How many rows WHERE, or the condition of a window's OVER (WHEN …), has let pass before this one.",
	func(h *Hits) int64 { return h.Rows.Count }, `3`)

var lastHitTime = hitFunction("last_hit_time", "The time, in milliseconds, of the last row that WHERE, or the condition of a window's OVER (WHEN …), has let pass before this one; 0: there was none.",
	func(h *Hits) int64 { return h.Rows.milliseconds() }, `1709210095000`)

var lastAggHitCount = hitFunction("last_agg_hit_count", "How many results HAVING has let pass before this one. It counts as an aggregate.",
	func(h *Hits) int64 { return h.Results.Count }, `2`)

var lastAggHitTime = hitFunction("last_agg_hit_time", "The time, in milliseconds, of the last result that HAVING has let pass before this one; 0: there was none. It counts as an aggregate.",
	func(h *Hits) int64 { return h.Results.milliseconds() }, `1709210090000`)

func hitFunction(name, summary string, read func(*Hits) int64, example string) *Scalar {
	return &Scalar{
		Name: name, Section: globals, Summary: summary, Volatile: true,
		Overloads: []Overload{{Result: value.Int, Call: func(c *Context, _ []value.Value) (value.Value, error) {
			if c.Hits == nil {
				return value.OfInt(0), nil
			}
			return value.OfInt(read(c.Hits)), nil
		}}},
		Examples: []Example{{name + `()`, example}},
	}
}

func (h *Hit) milliseconds() int64 { return h.Time / int64(time.Millisecond) }

// Add notes that something of that time passed.
func (h *Hit) Add(t int64) {
	h.Count++
	h.Time = t
}

// Snapshot writes the counts for a checkpoint.
func (h *Hits) Snapshot(e *value.Encoder) {
	for _, hit := range []*Hit{&h.Rows, &h.Results} {
		e.Int(hit.Count)
		e.Int(hit.Time)
	}
}

// Restore reads what Snapshot wrote.
func (h *Hits) Restore(d *value.Decoder) {
	for _, hit := range []*Hit{&h.Rows, &h.Results} {
		hit.Count, hit.Time = d.Int(), d.Int()
	}
}
