package delivery

import "sluice/sqlengine/value"

// appendFormat writes one result in a format other than JSON, and tells whether
// there is nothing in it.
func (r *renderer) appendFormat(rows []value.Row, single bool, data any) (empty bool, err error) {
	w := r.encoding.writer
	if r.data != nil && w.Text() && !r.picks() {
		return false, r.appendTemplate(data)
	}
	list, one, err := r.rowsOf(rows, single, data)
	if err != nil {
		return false, err
	}
	r.buf, err = w.Append(r.buf, list, one)
	return len(list) == 0 || one && len(list[0].Names) == 0, err
}

// read makes rows of what dataTemplate gives a sink that takes rows.
func (e *encoding) read(text []byte) (value.Value, error) {
	rows, err := e.reader.Decode(nil, text, nil, 0)
	list := make([]value.Value, len(rows))
	for i := range rows {
		list[i] = rows[i].Cols[0]
	}
	return value.OfList(list), err
}
