package value

import (
	"slices"
	"strings"
)

// Fields is the content of a STRUCT: names in byte order, each once, so that
// printing is deterministic and a look-up is a binary search.
type Fields struct {
	Names  []string
	Values []Value
}

// FieldsOf sorts names and values, which it keeps, by name. Of two equal names
// the later one wins, as in JSON decoders.
func FieldsOf(names []string, values []Value) *Fields {
	f := &Fields{Names: names, Values: values}
	for i := 1; i < len(names); i++ {
		if names[i-1] >= names[i] {
			f.sort()
			break
		}
	}
	return f
}

func (f *Fields) sort() {
	order := make([]int, len(f.Names))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(f.Names[a], f.Names[b]) })
	names, values := make([]string, 0, len(order)), make([]Value, 0, len(order))
	for i, o := range order {
		if i+1 < len(order) && f.Names[order[i+1]] == f.Names[o] {
			continue
		}
		names, values = append(names, f.Names[o]), append(values, f.Values[o])
	}
	f.Names, f.Values = names, values
}

// Len is the number of fields.
func (f *Fields) Len() int { return len(f.Names) }

// Get returns the named field, or Missing.
func (f *Fields) Get(name string) Value {
	if i, ok := slices.BinarySearch(f.Names, name); ok {
		return f.Values[i]
	}
	return Missing
}
