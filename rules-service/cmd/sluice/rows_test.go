package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestRows(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{"a":[{"t":1}],"b":[]}`, `a=[{"t":1}] b=null`},
		{`[{"t":1},{"t":2}]`, `=[{"t":1},{"t":2}]`},
		{"{\"t\":1}\n\n {\"t\":2} \n", `=[{"t":1},{"t":2}]`},
		{"{\n\"t\":\n1}", `=[{"t":1}]`},
		{`{"a":[1]}`, `a=[1]`},
		{`{}`, `=[{}]`},
		{" \n", "no rows are in it"},
		{"{\"t\":1}\n{\"t\"", `line 2: a row must be JSON such as {"temperature": 81}`},
		{"[{]", "1:3: not JSON: "},
	} {
		rows, err := readRows(c.text)
		var got []string
		for _, stream := range slices.Sorted(maps.Keys(rows)) {
			b, _ := json.Marshal(rows[stream])
			got = append(got, stream+"="+string(b))
		}
		if err != nil {
			got = []string{err.Error()}
		}
		if text := strings.Join(got, " "); !strings.HasPrefix(text, strings.ReplaceAll(c.want, "b=null", "b=[]")) {
			t.Errorf("%s\ngot  %s\nwant %s", c.text, text, c.want)
		}
	}
}

// FuzzRows: whatever is read is JSON, and nothing makes the reader panic.
func FuzzRows(f *testing.F) {
	for _, seed := range []string{`{"a":[1]}`, `[{"a":1}]`, "{\"a\":1}\n{\"a\":2}", `{`, `null`, "\x00", `[1`, `"x"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := readRows(text)
		if err != nil {
			return
		}
		for _, list := range rows {
			for _, row := range list {
				if !json.Valid(row) {
					t.Errorf("%q is no JSON", row)
				}
			}
		}
	})
}
