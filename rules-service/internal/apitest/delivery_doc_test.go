package apitest

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"testing"
)

var fence = regexp.MustCompile("(?s)```(\\w+)\n(.*?)```")

// The stream and the rule that docs/delivery.md shows are right as they stand.
func TestExamplesOfDelivery(t *testing.T) {
	page, err := os.ReadFile("../../docs/delivery.md")
	if err != nil {
		t.Fatal(err)
	}
	s := StartBuiltin(t, t.TempDir(), "")
	defer s.Close(t)
	seen := map[string]int{}
	for _, m := range fence.FindAllSubmatch(page, -1) {
		seen[string(m[1])]++
		path, body, want := "/rules/validate", string(m[2]), http.StatusOK
		if string(m[1]) == "sql" {
			b, err := json.Marshal(map[string]string{"sql": body})
			if err != nil {
				t.Fatal(err)
			}
			path, body, want = "/streams", string(b), http.StatusCreated
		}
		if status, text, _ := s.Call(t, "POST", path, body); status != want {
			t.Errorf("%s: %d %s", m[2], status, text)
		}
	}
	if seen["sql"] != 1 || seen["json"] != 1 || len(seen) != 2 {
		t.Errorf("the page has %v", seen)
	}
}
