package function

import (
	"fmt"

	"sluice/sqlengine/value"
)

// watch keeps the values that changes of several arguments are told from; of *
// the fields.
type watch struct {
	args []Arg
	last []value.Value
}

func newWatch(args []Arg) watch { return watch{args, make([]value.Value, len(args))} }

// changes calls visit for each value that has changed, with its name.
func (w *watch) changes(args []value.Value, ignoreNull bool, visit func(name string, v value.Value)) {
	for i, v := range args {
		switch {
		case w.args[i].Star:
			w.last[i] = changedFields(w.last[i], v, ignoreNull, visit)
		case ignoreNull && v.IsNull(), value.Equal(v, w.last[i]):
		default:
			w.last[i] = v
			visit(w.args[i].Name, v)
		}
	}
}

// changedFields compares two rows field by field and returns what the next row
// is compared with. A field that a row does not have has not changed: events of
// a device bring some of its resources each.
func changedFields(last, now value.Value, ignoreNull bool, visit func(name string, v value.Value)) value.Value {
	if now.Kind() != value.Object || value.Equal(last, now) {
		return last
	}
	old, fresh := new(value.Fields), now.Object()
	if last.Kind() == value.Object {
		old = last.Object()
	}
	kept := &value.Fields{}
	keep := func(name string, was, is value.Value) {
		switch {
		case ignoreNull && is.IsNull():
			is = was
		case !value.Equal(was, is):
			visit(name, is)
		}
		kept.Names, kept.Values = append(kept.Names, name), append(kept.Values, is)
	}
	i, j := 0, 0
	for i < old.Len() || j < fresh.Len() {
		switch {
		case j == fresh.Len() || i < old.Len() && old.Names[i] < fresh.Names[j]:
			kept.Names, kept.Values = append(kept.Names, old.Names[i]), append(kept.Values, old.Values[i])
			i++
		case i == old.Len() || fresh.Names[j] < old.Names[i]:
			keep(fresh.Names[j], value.Value{}, fresh.Values[j])
			j++
		default:
			keep(fresh.Names[j], old.Values[i], fresh.Values[j])
			i, j = i+1, j+1
		}
	}
	return value.OfObject(kept)
}

// Snapshot writes the values.
func (w *watch) Snapshot(e *value.Encoder) { e.Values(w.last) }

// Restore reads what Snapshot wrote.
func (w *watch) Restore(d *value.Decoder) {
	if last := d.Values(); len(last) == len(w.last) {
		w.last = last
		return
	}
	d.Fail(fmt.Errorf("not the values of %d arguments", len(w.last)))
}
