package function

import (
	"strings"
	"testing"

	"sluice/sqlengine/value"
)

// TestConformance evaluates the call of each case twice: with columns of
// unknown kind, as on a schemaless stream, and of known kind.
func TestConformance(t *testing.T) {
	set := Builtin()
	for _, c := range ReadConformance(t) {
		t.Run(c.ID, func(t *testing.T) {
			for _, typed := range []bool{false, true} {
				if err := c.Check(c.call(t, set, typed)); err != nil {
					t.Errorf("%v (typed: %v)", err, typed)
				}
			}
		})
	}
}

// call gives the row of the case's only item.
func (c *ConformanceCase) call(t *testing.T, set *Set, typed bool) ([]byte, error) {
	sql := strings.TrimSuffix(strings.TrimPrefix(c.SQL, "SELECT "), " AS r FROM fs")
	ev := &evaluator{set: set, context: testContext(), columns: map[string]value.Value{}, typed: typed}
	row := valueOf(t, decodeJSON(t, string(c.Inputs[0].Msg))).Object()
	for i, name := range row.Names {
		ev.columns[name] = row.Values[i]
	}
	v, _, err := ev.eval(readExpr(t, sql))
	if err != nil || v.IsNull() {
		return []byte("{}"), err
	}
	return []byte(`{"r":` + toText(t, v) + `}`), nil
}
