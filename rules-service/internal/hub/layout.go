package hub

import "sluice/sqlengine/value"

// vacant stands in a slot that no rule reads: a key of the metadata that no
// message has, so that decoders spend nothing on it.
var vacant = value.Column{Role: value.Meta}

// layout gives the columns of a stream slots that all its rules share. A slot
// keeps its place as long as a rule reads it; a vacant one goes to the next new
// column. Schemas that were handed out never change.
type layout struct {
	schema *value.Schema
	users  []int // rules per slot
}

func newLayout() *layout { return &layout{schema: &value.Schema{}} }

// take gives each column a slot, and tells whether the schema has changed.
func (l *layout) take(columns []value.Column) (changed bool) {
	for _, c := range columns {
		slot, ok := l.schema.Slot(c.Name, c.Role)
		if !ok {
			slot = l.settle(c)
			changed = true
		}
		l.users[slot]++
	}
	return changed
}

// settle puts a column into a vacant slot, or appends it.
func (l *layout) settle(c value.Column) int {
	next := &value.Schema{Columns: append([]value.Column(nil), l.schema.Columns...)}
	l.schema = next
	for slot, users := range l.users {
		if users == 0 {
			next.Columns[slot] = c
			return slot
		}
	}
	next.Columns = append(next.Columns, c)
	l.users = append(l.users, 0)
	return len(l.users) - 1
}

// release gives up the slots of columns that were taken before, and tells
// whether the schema has changed.
func (l *layout) release(columns []value.Column) (changed bool) {
	for _, c := range columns {
		slot, ok := l.schema.Slot(c.Name, c.Role)
		if !ok {
			continue
		}
		if l.users[slot]--; l.users[slot] > 0 {
			continue
		}
		next := &value.Schema{Columns: append([]value.Column(nil), l.schema.Columns...)}
		next.Columns[slot] = vacant
		l.schema = next
		changed = true
	}
	return changed
}
