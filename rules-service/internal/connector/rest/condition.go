package rest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sluice/rules-service/internal/codec"
	"sluice/sqlengine/value"
)

// Condition is met by an answer that has one of the statuses, one of the values
// at a path, or both where both are given. Numbers are equal to texts that spell
// them: servers disagree about the type of codes.
type Condition struct {
	Status []int  `prop:"status" doc:"The HTTP status, or several, one of which it must be."`
	Path   string `prop:"path" doc:"Names of fields and indexes of arrays with points between them, such as results.0.code."`
	Equals any    `prop:"equals" doc:"The value at the path."`
	In     []any  `prop:"in" doc:"The values, one of which must be at the path."`
}

func check(property string, conditions []Condition) error {
	for i, c := range conditions {
		switch {
		case c.Path == "" && len(c.Status) == 0:
			return fmt.Errorf("property %q[%d]: give status, path or both", property, i)
		case c.Path == "" && (c.Equals != nil || len(c.In) > 0):
			return fmt.Errorf("property %q[%d]: equals and in want a path", property, i)
		case c.Path != "" && (c.Equals == nil) == (len(c.In) == 0):
			return fmt.Errorf("property %q[%d]: give either equals or in", property, i)
		}
	}
	return nil
}

// answer is what conditions are about.
type answer struct {
	status int
	body   value.Value // value.Missing when it is no JSON
}

func (c *Condition) met(a answer) bool {
	if len(c.Status) > 0 && !slices.Contains(c.Status, a.status) {
		return false
	}
	return c.Path == "" || c.holds(at(a.body, c.Path))
}

func (c *Condition) holds(v value.Value) bool {
	if v.IsMissing() {
		return false
	}
	if c.Equals != nil {
		return same(v, c.Equals)
	}
	return slices.ContainsFunc(c.In, func(want any) bool { return same(v, want) })
}

func at(v value.Value, path string) value.Value {
	for _, step := range strings.Split(path, ".") {
		switch v.Kind() {
		case value.Object:
			v = v.Object().Get(step)
		case value.List:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(v.List()) {
				return value.Missing
			}
			v = v.List()[i]
		default:
			return value.Missing
		}
	}
	return v
}

func same(v value.Value, want any) bool {
	w := codec.FromGo(want)
	return value.Equal(v, w) || spelled(v) == spelled(w)
}

func spelled(v value.Value) string {
	if v.Kind() == value.String {
		return v.Str()
	}
	b, err := v.AppendJSON(nil)
	if err != nil {
		return ""
	}
	return string(b)
}

func some(conditions []Condition, a answer) bool {
	return slices.ContainsFunc(conditions, func(c Condition) bool { return c.met(a) })
}

func all(conditions []Condition, a answer) bool {
	return !slices.ContainsFunc(conditions, func(c Condition) bool { return !c.met(a) })
}
