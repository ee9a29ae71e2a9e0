package rest

import (
	"fmt"
	"strconv"
	"strings"

	"sluice/rules-service/internal/codec"
	"sluice/sqlengine/value"
)

// Condition is met by an answer that has one of the values at a path. Numbers
// are equal to texts that spell them: servers disagree about the type of codes.
type Condition struct {
	Path   string `prop:"path,required" doc:"Names of fields and indexes of arrays with points between them, such as results.0.code."`
	Equals any    `prop:"equals" doc:"The value."`
	In     []any  `prop:"in" doc:"The values, one of which it must be."`
}

func check(property string, conditions []Condition) error {
	for i, c := range conditions {
		if (c.Equals == nil) == (len(c.In) == 0) {
			return fmt.Errorf("property %q[%d]: give either equals or in", property, i)
		}
	}
	return nil
}

func (c *Condition) met(answer value.Value) bool {
	v := at(answer, c.Path)
	if v.IsMissing() {
		return false
	}
	if c.Equals != nil {
		return same(v, c.Equals)
	}
	for _, want := range c.In {
		if same(v, want) {
			return true
		}
	}
	return false
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

func some(conditions []Condition, answer value.Value) bool {
	for i := range conditions {
		if conditions[i].met(answer) {
			return true
		}
	}
	return false
}

func all(conditions []Condition, answer value.Value) bool {
	for i := range conditions {
		if !conditions[i].met(answer) {
			return false
		}
	}
	return true
}
