package connector

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

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

// CheckConditions says what is wrong with the conditions of a property.
func CheckConditions(property string, conditions []Condition) error {
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

// Response is what conditions are about.
type Response struct {
	Status int
	Body   value.Value // value.Missing when it is no JSON
}

// Meets tells whether the answer meets the condition.
func (r Response) Meets(c *Condition) bool {
	if len(c.Status) > 0 && !slices.Contains(c.Status, r.Status) {
		return false
	}
	return c.Path == "" || c.holds(r.at(c.Path))
}

// MeetsSome tells whether the answer meets at least one of the conditions.
func (r Response) MeetsSome(conditions []Condition) bool {
	return slices.ContainsFunc(conditions, func(c Condition) bool { return r.Meets(&c) })
}

// MeetsAll tells whether the answer meets the conditions.
func (r Response) MeetsAll(conditions []Condition) bool {
	return !slices.ContainsFunc(conditions, func(c Condition) bool { return !r.Meets(&c) })
}

// Code is the field code of the body, of an array the first one that is no
// success.
func (r Response) Code() (code int, ok bool) {
	answers := []value.Value{r.Body}
	if r.Body.Kind() == value.List {
		answers = r.Body.List()
	}
	for _, a := range answers {
		if a.Kind() != value.Object {
			return 0, false
		}
		n, ok := a.Object().Get("code").Number()
		if !ok {
			return 0, false
		}
		if code = int(n); code/100 != 2 {
			return code, true
		}
	}
	return code, len(answers) > 0
}

func (r Response) at(path string) value.Value {
	v := r.Body
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

func (c *Condition) holds(v value.Value) bool {
	if v.IsMissing() {
		return false
	}
	if c.Equals != nil {
		return same(v, c.Equals)
	}
	return slices.ContainsFunc(c.In, func(want any) bool { return same(v, want) })
}

func same(v value.Value, want any) bool {
	w, err := value.Of(want)
	return err == nil && (value.Equal(v, w) || Spelled(v) == Spelled(w))
}

// Spelled is a value as a text: a string as it is, the others as JSON.
func Spelled(v value.Value) string {
	if v.Kind() == value.String {
		return v.Str()
	}
	b, err := v.AppendJSON(nil)
	if err != nil {
		return ""
	}
	return string(b)
}
