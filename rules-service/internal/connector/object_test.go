package connector

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestJSONObject(t *testing.T) {
	for payload, want := range map[string]string{
		`{"n":9007199254740993}`: `{"n":9007199254740993}`,
		` [{"n":1.50}] `:         `{"n":1.50}`,
		`{}`:                     `{}`,
		`[]`:                     "",
		`[{"a":1},{"a":2}]`:      "",
		`{"a":1} {"b":2}`:        "",
		`{"a":1`:                 "",
		`{"a":1}]`:               "",
		`text`:                   "",
		`1`:                      "",
		`null`:                   "",
		``:                       "",
	} {
		o, err := JSONObject([]byte(payload))
		if want == "" {
			if err == nil || !strings.Contains(err.Error(), "sendSingle") {
				t.Errorf("%q: %v %v", payload, o, err)
			}
			continue
		}
		if got, _ := json.Marshal(o); err != nil || string(got) != want {
			t.Errorf("%q: %s %v", payload, got, err)
		}
	}
}
