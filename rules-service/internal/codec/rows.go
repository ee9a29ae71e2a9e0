package codec

import (
	"errors"
	"fmt"

	"sluice/sqlengine/value"
)

// rowsVersion begins a payload of rows, so that a later form can be told from
// this one: such payloads wait in journals and queues on disk.
const rowsVersion = 1

// AppendRows appends rows in a form that keeps their types, for connectors that
// move rows and no bytes.
func AppendRows(dst []byte, rows []*value.Fields) []byte {
	e := value.NewEncoder(append(dst, rowsVersion))
	e.Uint(uint64(len(rows)))
	for _, r := range rows {
		e.Value(value.OfObject(r))
	}
	return e.Bytes()
}

// ParseRows reads what AppendRows wrote. The rows may refer to b.
func ParseRows(b []byte) ([]*value.Fields, error) {
	if len(b) == 0 || b[0] != rowsVersion {
		return nil, errors.New("these are no rows")
	}
	d := value.NewDecoder(b[1:])
	rows := make([]*value.Fields, 0, 1)
	for range d.Count() {
		v := d.Value()
		if d.Err() == nil && v.Kind() != value.Object {
			d.Fail(fmt.Errorf("a row is %s", v.Kind()))
		}
		if d.Err() != nil {
			return nil, fmt.Errorf("read rows: %w", d.Err())
		}
		rows = append(rows, v.Object())
	}
	if err := d.Err(); err != nil {
		return nil, fmt.Errorf("read rows: %w", err)
	}
	return rows, nil
}
