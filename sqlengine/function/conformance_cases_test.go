package function

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// ConformanceCase is the part of a case that is used here: see the README
// beside the file.
type ConformanceCase struct {
	ID          string
	Func        string
	Streams     map[string]string
	SQL         string
	Inputs      []struct{ Msg json.RawMessage }
	Expect      [][]map[string]any
	ExpectError bool `json:"expect_error"`
}

// ReadConformance reads the cases after checking that they are all there.
func ReadConformance(t *testing.T) []ConformanceCase {
	t.Helper()
	dir := conformanceDir(t)
	b, err := os.ReadFile(filepath.Join(dir, "functions.json"))
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var cases []ConformanceCase
	if err := d.Decode(&cases); err != nil {
		t.Fatal(err)
	}
	checkCounts(t, dir, cases)
	return cases
}

// conformanceDir lies beside the repository.
func conformanceDir(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(".")
	for ; err == nil; root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		if root == filepath.Dir(root) {
			t.Fatal("no go.mod above the test")
		}
	}
	dir := filepath.Join(root, "..", "shared", "conformance")
	_, err = os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) && os.Getenv("CI") != "true" {
		t.Skip("the conformance cases do not lie beside the repository")
	}
	if err != nil {
		t.Fatalf("the conformance cases must lie beside the repository: %v", err)
	}
	return dir
}

// checkCounts compares with section 6 of the README, so that a part of the
// cases cannot pass for all of them.
func checkCounts(t *testing.T, dir string, cases []ConformanceCase) {
	t.Helper()
	got, columns, failing := map[string][2]int{}, 0, 0
	for _, c := range cases {
		n := got[c.Func]
		n[0]++
		if c.ExpectError {
			n[1]++
			failing++
		}
		got[c.Func] = n
		if strings.HasSuffix(c.ID, "/col") {
			columns++
		}
	}
	if len(cases) != 761 || len(got) != 115 || columns != 377 || failing != 136 {
		t.Fatalf("%d cases of %d functions, %d of columns, %d errors; want 761, 115, 377, 136", len(cases), len(got), columns, failing)
	}
	readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^abs \d+ · .*$`).FindString(string(readme))
	want := map[string][2]int{}
	for _, m := range regexp.MustCompile(`(\w+) (\d+)(?: \((\d+)\))?`).FindAllStringSubmatch(line, -1) {
		all, _ := strconv.Atoi(m[2])
		failing, _ := strconv.Atoi(m[3])
		want[m[1]] = [2]int{all, failing}
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("cases and errors per function are %v, the README says %v", got, want)
	}
}

// Check compares a result row as a sink writes it, or an error, with what the
// case expects.
func (c *ConformanceCase) Check(row []byte, err error) error {
	switch {
	case c.ExpectError && err == nil:
		return fmt.Errorf("%s of %s = %s, want an error", c.SQL, c.Inputs[0].Msg, row)
	case c.ExpectError:
		return nil
	case err != nil:
		return fmt.Errorf("%s of %s: %w", c.SQL, c.Inputs[0].Msg, err)
	}
	d := json.NewDecoder(bytes.NewReader(row))
	d.UseNumber()
	var got any
	if err := d.Decode(&got); err != nil {
		return fmt.Errorf("%s of %s = %s: %w", c.SQL, c.Inputs[0].Msg, row, err)
	}
	if want := c.Expect[0][0]; !like(got, want) {
		return fmt.Errorf("%s of %s = %s, want %v", c.SQL, c.Inputs[0].Msg, row, want)
	}
	return nil
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
