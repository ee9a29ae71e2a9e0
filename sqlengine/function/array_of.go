package function

import "sluice/sqlengine/value"

// ofArray declares a function of one array.
func ofArray(name, summary string, result value.Kind, rule NullRule, f func([]value.Value) (value.Value, error), examples ...Example) *Scalar {
	return &Scalar{
		Name: name, Section: arrays, Summary: summary, Examples: examples,
		Overloads: []Overload{{
			Params: []Param{List}, Result: result, Null: rule,
			Call: func(_ *Context, args []value.Value) (value.Value, error) { return f(args[0].List()) },
		}},
	}
}

// elements are those of an array, none of NULL.
func elements(v value.Value) []value.Value {
	if v.IsNull() {
		return nil
	}
	return v.List()
}

// position is the index of the first element equal to v, or -1.
func position(l []value.Value, v value.Value) int {
	for i, e := range l {
		if value.Equal(e, v) {
			return i
		}
	}
	return -1
}

// valueSet finds values that were seen before, numbers by value and the rest
// deeply.
type valueSet struct {
	seen map[string]struct{}
	key  []byte
}

func newValueSet(l []value.Value) *valueSet {
	s := &valueSet{seen: make(map[string]struct{}, len(l))}
	for _, v := range l {
		s.add(v)
	}
	return s
}

func (s *valueSet) has(v value.Value) bool {
	s.key = value.AppendKey(s.key[:0], v)
	_, ok := s.seen[string(s.key)]
	return ok
}

// add returns false for a value that was there.
func (s *valueSet) add(v value.Value) bool {
	if s.has(v) {
		return false
	}
	s.seen[string(s.key)] = struct{}{}
	return true
}
