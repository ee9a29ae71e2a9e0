package exec

import "sluice/sqlengine/value"

// limit keeps the first rows of a window; LIMIT 0 gives nothing at all.
type limit struct {
	stage
	rows int
	out  value.Batch
}

func (l *limit) Push(b *value.Batch) error {
	l.begin(b)
	switch {
	case l.rows == 0:
		return nil
	case len(b.Rows) <= l.rows:
		return l.next.Push(b)
	}
	l.out = value.Batch{Schema: b.Schema, Rows: b.Rows[:l.rows], Ack: b.Ack}
	return l.next.Push(&l.out)
}
