package delivery

import (
	"fmt"

	"sluice/rules-service/internal/codec"
	"sluice/sqlengine/value"
)

// appendRows writes one result for a sink that takes rows, and tells whether
// there is nothing in it.
func (r *renderer) appendRows(rows []value.Row, single bool, data any) (empty bool, err error) {
	list, err := r.rowsOf(rows, single, data)
	if err != nil {
		return false, err
	}
	r.buf = codec.AppendRows(r.buf, list)
	return len(list) == 0 || single && len(list) == 1 && len(list[0].Names) == 0, nil
}

func (r *renderer) rowsOf(rows []value.Row, single bool, data any) ([]*value.Fields, error) {
	switch {
	case r.data != nil:
		text, err := r.execute(r.data, data)
		if err != nil {
			return nil, err
		}
		v, err := codec.ParseJSON(text)
		if err != nil {
			return nil, fmt.Errorf("dataTemplate of a sink that takes rows must give JSON: %w", err)
		}
		return r.rowsIn(v)
	case r.field != "":
		return r.rowsIn(r.whole(rows, single))
	}
	list := make([]*value.Fields, len(rows))
	for i := range rows {
		list[i] = r.encoder.Fields(rows[i])
	}
	return list, nil
}

// rowsIn are the rows of a result that is one object or an array of them.
func (r *renderer) rowsIn(v value.Value) ([]*value.Fields, error) {
	v, err := r.picked(v)
	if err != nil {
		return nil, err
	}
	if v.Kind() == value.Object {
		return []*value.Fields{v.Object()}, nil
	}
	if v.Kind() != value.List {
		return nil, fmt.Errorf("the sink takes rows: an object or an array of objects is wanted, not %s", v.Kind())
	}
	list := make([]*value.Fields, len(v.List()))
	for i, e := range v.List() {
		if e.Kind() != value.Object {
			return nil, fmt.Errorf("the sink takes rows: [%d] is %s, not an object", i, e.Kind())
		}
		list[i] = e.Object()
	}
	return list, nil
}
