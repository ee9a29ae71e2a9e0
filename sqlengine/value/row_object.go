package value

import "math"

// Row makes a row of that time of an object: each column is the field of its
// name, Missing where there is none, and a column of role Whole is the object
// itself. Columns of role Meta are read from meta in the same way. Both may be
// nil. Whole numbers become what the column is declared as, BIGINT or FLOAT.
func (s *Schema) Row(time int64, object, meta *Fields) Row {
	if object == nil {
		object = new(Fields)
	}
	r := Row{Time: time, Cols: make([]Value, len(s.Columns))}
	for i, c := range s.Columns {
		switch {
		case c.Role == Whole:
			r.Cols[i] = OfObject(object)
		case c.Role == Field:
			r.Cols[i] = object.Get(c.Name).numberAs(c.Kind)
		case meta == nil:
			r.Cols[i] = Missing
		case c.Name == "*":
			r.Cols[i] = OfObject(meta)
		default:
			r.Cols[i] = meta.Get(c.Name)
		}
	}
	return r
}

// numberAs is the same number as a BIGINT or FLOAT, if that can hold it.
func (v Value) numberAs(k Kind) Value {
	switch {
	case v.kind == Int && k == Float:
		return OfFloat(float64(v.Int()))
	case v.kind == Float && k == Int && v.Float() == math.Trunc(v.Float()) && math.Abs(v.Float()) < 1<<63:
		return OfInt(int64(v.Float()))
	}
	return v
}

// Object is a row of a result as it is written: without what is Missing, and
// with the fields of a column of role Whole beside the other columns, which win
// over a field of the same name.
func (s *Schema) Object(r Row) *Fields {
	var names []string
	var values []Value
	for i, c := range s.Columns {
		v := r.Cols[i]
		switch {
		case c.Role == Whole && v.kind == Object:
			names = append(v.Object().Names[:v.Object().Len():v.Object().Len()], names...)
			values = append(v.Object().Values[:v.Object().Len():v.Object().Len()], values...)
		case !v.IsMissing():
			names, values = append(names, c.Name), append(values, v)
		}
	}
	return FieldsOf(names, values)
}
