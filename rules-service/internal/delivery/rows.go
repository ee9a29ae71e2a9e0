package delivery

import (
	"fmt"

	"sluice/rules-service/internal/codec"
	"sluice/sqlengine/value"
)

// appendRows writes one result for a sink that takes rows, and tells whether
// there is nothing in it.
func (r *renderer) appendRows(rows []value.Row, single bool, data any) (empty bool, err error) {
	list, _, err := r.rowsOf(rows, single, data)
	if err != nil {
		return false, err
	}
	r.buf = codec.AppendRows(r.buf, list)
	return len(list) == 0 || single && len(list) == 1 && len(list[0].Names) == 0, nil
}

// rowsOf are the rows of a result; one tells that it is an object by itself.
func (r *renderer) rowsOf(rows []value.Row, single bool, data any) (list []*value.Fields, one bool, err error) {
	switch {
	case r.data != nil:
		text, err := r.execute(r.data, data)
		if err != nil {
			return nil, false, err
		}
		return r.rowsOfText(text)
	case r.field != "":
		return r.rowsIn(r.whole(rows, single))
	}
	list = make([]*value.Fields, len(rows))
	for i := range rows {
		list[i] = r.encoder.Fields(rows[i])
	}
	return list, single, nil
}

// rowsOfText reads what dataTemplate gives.
func (r *renderer) rowsOfText(text []byte) (list []*value.Fields, one bool, err error) {
	if r.rows && r.encoding != nil {
		v, err := r.encoding.read(text)
		if err != nil {
			return nil, false, fmt.Errorf("dataTemplate: %w", err)
		}
		return r.rowsIn(v)
	}
	v, err := codec.ParseJSON(text)
	if err != nil {
		return nil, false, fmt.Errorf("dataTemplate must give JSON, of which rows are made: %w", err)
	}
	return r.rowsIn(v)
}

// rowsIn are the rows of a result that is one object or an array of them.
func (r *renderer) rowsIn(v value.Value) (list []*value.Fields, one bool, err error) {
	if v, err = r.picked(v); err != nil {
		return nil, false, err
	}
	if v.Kind() == value.Object {
		return []*value.Fields{v.Object()}, true, nil
	}
	if v.Kind() != value.List {
		return nil, false, fmt.Errorf("rows are wanted: an object or an array of objects, not %s", v.Kind())
	}
	list = make([]*value.Fields, len(v.List()))
	for i, e := range v.List() {
		if e.Kind() != value.Object {
			return nil, false, fmt.Errorf("rows are wanted: [%d] is %s, not an object", i, e.Kind())
		}
		list[i] = e.Object()
	}
	return list, false, nil
}
