package exec

import "sluice/sqlengine/value"

// snapshot writes rows by columns of the plan: the host may give them other
// slots when the query is opened again.
func (l layout) snapshot(e *value.Encoder, rows []value.Row) {
	e.Uint(uint64(len(rows)))
	for _, r := range rows {
		e.Int(r.Time)
		for _, slot := range l {
			if slot >= 0 {
				e.Value(r.Cols[slot])
			}
		}
	}
}

func (l layout) restore(d *value.Decoder) []value.Row {
	width := 0
	for _, slot := range l {
		width = max(width, slot+1)
	}
	var rows []value.Row
	for range d.Count() {
		r := value.Row{Time: d.Int(), Cols: make([]value.Value, width)}
		for _, slot := range l {
			if slot >= 0 {
				r.Cols[slot] = d.Value()
			}
		}
		rows = append(rows, r)
		if d.Err() != nil {
			break
		}
	}
	return rows
}
