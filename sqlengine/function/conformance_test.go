package function

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"sluice/sqlengine/value"
)

// conformanceCase is the part of a case that is used here: see the README
// beside the file.
type conformanceCase struct {
	ID          string
	Func        string
	Args        []any
	SQL         string
	Inputs      []struct{ Msg map[string]any }
	Expect      [][]map[string]any
	ExpectError bool `json:"expect_error"`
}

// notYet are the functions of the file that the registry does not have.
var notYet = map[string]bool{
	"convert_tz": true, "json_path_exists": true, "json_path_query": true, "json_path_query_first": true,
}

// covered is how many of the 761 cases this registry runs.
const covered = 619

// supported leaves out functions that do not exist and format with a locale.
func (c *conformanceCase) supported() bool {
	return !notYet[c.Func] && (c.Func != "format" || len(c.Args) < 3)
}

func readConformance(t *testing.T) []conformanceCase {
	t.Helper()
	dir, err := filepath.Abs(".")
	for ; err == nil; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, "..", "shared", "conformance", "functions.json"))
	if errors.Is(err, fs.ErrNotExist) && os.Getenv("CI") != "true" {
		t.Skip("the conformance cases do not lie beside the repository")
	}
	if err != nil {
		t.Fatalf("the conformance cases must lie beside the repository: %v", err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var cases []conformanceCase
	if err := d.Decode(&cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

func TestConformance(t *testing.T) {
	cases := readConformance(t)
	functions, columns, failing := map[string]bool{}, 0, 0
	for _, c := range cases {
		functions[c.Func] = true
		if strings.HasSuffix(c.ID, "/col") {
			columns++
		}
		if c.ExpectError {
			failing++
		}
	}
	if len(cases) != 761 || len(functions) != 115 || columns != 377 || failing != 136 {
		t.Fatalf("%d cases of %d functions, %d of columns, %d errors; want 761, 115, 377, 136",
			len(cases), len(functions), columns, failing)
	}
	set, run := Builtin(), 0
	for _, c := range cases {
		if !c.supported() {
			continue
		}
		run++
		t.Run(c.ID, func(t *testing.T) { c.run(t, set) })
	}
	t.Logf("%d of %d cases are covered", run, len(cases))
	if run != covered {
		t.Errorf("%d cases are covered, the test says %d", run, covered)
	}
}

// run evaluates the case twice: with columns of unknown kind, as on a
// schemaless stream, and of known kind.
func (c *conformanceCase) run(t *testing.T, set *Set) {
	sql := strings.TrimSuffix(strings.TrimPrefix(c.SQL, "SELECT "), " AS r FROM fs")
	for _, typed := range []bool{false, true} {
		ev := &evaluator{set: set, context: testContext(), columns: map[string]value.Value{}, typed: typed}
		for name, v := range c.Inputs[0].Msg {
			ev.columns[name] = valueOf(t, v)
		}
		v, _, err := ev.eval(readExpr(t, sql))
		if c.ExpectError {
			if err == nil {
				t.Errorf("%s of %v = %s, want an error (typed: %v)", sql, c.Inputs[0].Msg, toText(t, v), typed)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s of %v: %v (typed: %v)", sql, c.Inputs[0].Msg, err, typed)
			continue
		}
		got := map[string]any{}
		if !v.IsNull() {
			got["r"] = decodeJSON(t, toText(t, v))
		}
		if want := c.Expect[0][0]; !like(got, want) {
			t.Errorf("%s of %v = %v, want %v (typed: %v)", sql, c.Inputs[0].Msg, got, want, typed)
		}
	}
}

// like compares decoded JSON as section 4 of the README says.
func like(got, want any) bool {
	switch want := want.(type) {
	case json.Number:
		n, ok := got.(json.Number)
		return ok && likeNumber(n, want)
	case []any:
		l, ok := got.([]any)
		if !ok || len(l) != len(want) {
			return false
		}
		for i := range l {
			if !like(l[i], want[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		if b, ok := want["$bytes"]; ok && len(want) == 1 {
			return got == b
		}
		m, ok := got.(map[string]any)
		if !ok || len(m) != len(want) {
			return false
		}
		for name, w := range want {
			if g, ok := m[name]; !ok || !like(g, w) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(got, want)
}

func likeNumber(got, want json.Number) bool {
	if !strings.ContainsAny(got.String()+want.String(), ".eE") {
		g, errG := got.Int64()
		w, errW := want.Int64()
		return errG == nil && errW == nil && g == w
	}
	x, errX := got.Float64()
	y, errY := want.Float64()
	return errX == nil && errY == nil && math.Abs(x-y) <= 1e-9*max(math.Abs(x), math.Abs(y))
}
