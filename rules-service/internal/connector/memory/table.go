package memory

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"

	"sluice/sqlengine/value"
)

// table holds rows by their key. Other columns that are asked for get an index
// when they are asked for first.
type table struct {
	key string

	mu      sync.RWMutex
	rows    map[string]*row
	indexes map[string]*index // by the names of their columns
	last    uint64            // number of the newest row
}

// row is numbered in the order in which keys came.
type row struct {
	*value.Fields
	number uint64
}

// index holds the rows of a table by the values of some columns, those of equal
// values in their order.
type index struct {
	columns []string
	rows    map[string][]*row
}

func newTable(key string) *table {
	return &table{key: key, rows: map[string]*row{}, indexes: map[string]*index{}}
}

// put takes a row in, in place of the one that has its key; false: it has none.
func (t *table) put(fields *value.Fields) bool {
	v := fields.Get(t.key)
	if v.IsNull() {
		return false
	}
	key := keyOf(v)
	t.mu.Lock()
	defer t.mu.Unlock()
	r, old := &row{Fields: fields}, t.rows[key]
	if old != nil {
		r.number = old.number
	} else {
		t.last++
		r.number = t.last
	}
	t.rows[key] = r
	for _, x := range t.indexes {
		x.replace(old, r)
	}
	return true
}

func (t *table) remove(key value.Value) {
	k := keyOf(key)
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.rows[k]
	if old == nil {
		return
	}
	delete(t.rows, k)
	for _, x := range t.indexes {
		x.replace(old, nil)
	}
}

// find returns the rows that have these values in these columns.
func (t *table) find(columns []string, values []value.Value) []*value.Fields {
	if i := slices.Index(columns, t.key); i >= 0 {
		return t.findKey(i, columns, values)
	}
	key := keyOf(values...)
	name := strings.Join(columns, "\x00")
	t.mu.RLock()
	if x := t.indexes[name]; x != nil {
		defer t.mu.RUnlock()
		return x.fields(key)
	}
	t.mu.RUnlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.index(name, columns).fields(key)
}

// findKey looks at the one row that can have the value of the i-th column, the
// key.
func (t *table) findKey(i int, columns []string, values []value.Value) []*value.Fields {
	key := keyOf(values[i])
	t.mu.RLock()
	r := t.rows[key]
	t.mu.RUnlock()
	if r == nil {
		return nil
	}
	for j, name := range columns {
		if j != i && keyOf(values[j]) != keyOf(r.Get(name)) {
			return nil
		}
	}
	return []*value.Fields{r.Fields}
}

// index finds or makes one; mu is held for writing.
func (t *table) index(name string, columns []string) *index {
	if x := t.indexes[name]; x != nil {
		return x
	}
	x := &index{columns: slices.Clone(columns), rows: map[string][]*row{}}
	byNumber := func(a, b *row) int { return cmp.Compare(a.number, b.number) }
	for _, r := range slices.SortedFunc(maps.Values(t.rows), byNumber) {
		x.replace(nil, r)
	}
	t.indexes[name] = x
	return x
}

// fields are the rows of a key; the caller may keep the list.
func (x *index) fields(key string) []*value.Fields {
	var list []*value.Fields
	for _, r := range x.rows[key] {
		list = append(list, r.Fields)
	}
	return list
}

// replace takes out a row, and puts in another; either may be nil. A row whose
// values stay the same keeps its place.
func (x *index) replace(old, r *row) {
	var from, to string
	if old != nil {
		from = x.keyOf(old)
	}
	if r != nil {
		to = x.keyOf(r)
	}
	if old != nil && r != nil && from == to {
		list := x.rows[from]
		list[slices.Index(list, old)] = r
		return
	}
	if old != nil {
		x.rows[from] = without(x.rows[from], old)
		if len(x.rows[from]) == 0 {
			delete(x.rows, from)
		}
	}
	if r != nil {
		x.rows[to] = append(x.rows[to], r)
	}
}

func (x *index) keyOf(r *row) string {
	values := make([]value.Value, len(x.columns))
	for i, c := range x.columns {
		values[i] = r.Get(c)
	}
	return keyOf(values...)
}

// keyOf is the same text for equal values.
func keyOf(values ...value.Value) string {
	var key []byte
	for _, v := range values {
		key = value.AppendKey(key, v)
	}
	return string(key)
}
