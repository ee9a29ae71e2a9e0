package exec

import (
	"fmt"
	"slices"

	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// unnest makes rows of an array, or columns of an object, in the result. What
// it makes of a row, or of the rows of a window, is one batch.
type unnest struct {
	stage
	step   *plan.Unnest
	schema *value.Schema
	made   []value.Row // used again for every batch, as is out
	out    value.Batch
}

func newUnnest(step *plan.Unnest, schema *value.Schema) *unnest {
	u := &unnest{step: step, schema: schema}
	return u
}

func (u *unnest) Push(b *value.Batch) error {
	u.begin(b)
	if u.windowed {
		return u.expand(b, b.Rows)
	}
	for i := range b.Rows {
		if err := u.expand(b, b.Rows[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

func (u *unnest) expand(b *value.Batch, rows []value.Row) error {
	u.made = u.made[:0]
	u.each(rows, u)
	if len(u.made) == 0 && len(rows) > 0 {
		return nil
	}
	u.out = value.Batch{Schema: b.Schema, Rows: u.made, Ack: b.Ack}
	return u.next.Push(&u.out)
}

func (u *unnest) evaluate(rows []value.Row) {
	for ; u.at < len(rows); u.at++ {
		row := &rows[u.at]
		switch v := row.Cols[u.step.Column]; {
		case v.IsNull():
		case u.step.Object && v.Kind() == value.Object:
			u.add(row, v)
		case !u.step.Object && v.Kind() == value.List:
			for _, element := range v.List() {
				u.add(row, element)
			}
		default:
			u.fail(u.refusal(v.Kind()))
		}
	}
}

func (u *unnest) refusal(k value.Kind) error {
	if u.step.Object {
		return fmt.Errorf("extract takes STRUCT, not %s", k)
	}
	return fmt.Errorf("unnest takes ARRAY, not %s", k)
}

// add makes the row of an element. Its fields win over columns of their names.
func (u *unnest) add(row *value.Row, element value.Value) {
	cols, own := slices.Clone(row.Cols), u.step.Column
	cols[own], cols[own+1] = element, value.Missing
	switch element.Kind() {
	case value.Null:
		cols[own] = nullAs(u.step.Null, element)
	case value.Object:
		u.hide(cols, element.Object())
		cols[own], cols[own+1] = value.Missing, element
	}
	u.made = append(u.made, value.Row{Time: row.Time, Cols: cols})
}

// hide takes columns away that have the names of fields.
func (u *unnest) hide(cols []value.Value, fields *value.Fields) {
	for i, column := range u.schema.Columns {
		switch _, found := slices.BinarySearch(fields.Names, column.Name); {
		case column.Role == value.Whole && cols[i].Kind() == value.Object:
			cols[i] = withoutFields(cols[i], fields.Names)
		case column.Role == value.Field && found:
			cols[i] = value.Missing
		}
	}
}
