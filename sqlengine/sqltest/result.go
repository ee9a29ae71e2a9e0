package sqltest

import (
	"fmt"

	"sluice/sqlengine/value"
)

// writer prints results: each batch of a windowed query is one, else each row.
type writer struct{ p *player }

func (w *writer) Push(b *value.Batch) error {
	if w.p.query.Windowed() {
		return w.result(b.Rows...)
	}
	for _, r := range b.Rows {
		if err := w.result(r); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) result(rows ...value.Row) error {
	at := w.p.now
	line := []byte{'['}
	for i, r := range rows {
		at = r.Time
		if i > 0 {
			line = append(line, ',')
		}
		var err error
		if line, err = value.OfObject(w.p.query.Output().Object(r)).AppendJSON(line); err != nil {
			return err
		}
	}
	fmt.Fprintf(&w.p.out, "@%s %s]\n", w.p.since(at), line)
	return nil
}

func (w *writer) Advance(int64) error { return nil }
func (w *writer) Close() error        { return nil }
