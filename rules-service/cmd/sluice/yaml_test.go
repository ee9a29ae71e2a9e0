package main

import (
	"encoding/json"
	"reflect"
	"testing"

	"sluice/rules-service/internal/definition"
)

// FuzzYAML: JSON written as YAML is the same JSON when it is read again.
func FuzzYAML(f *testing.F) {
	for _, seed := range []string{`{"a":[1,"x",null,true,1.5,"true","null","1e3","2024-01-01","",{"b":"x\ny\n"}]}`, `"~"`, `{"a":1,"b":"x","a":"y"}`, `[]`, `{}`,
		`9223372036854775807`, `"\u0007 😀 é"`, `{"":{"on":"no","=":"<<"}}`, `{"a":" x","b":"x ","c":"\t","d":"- x\n","e":"x: y # z"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var want any
		if json.Unmarshal([]byte(text), &want) != nil || want == nil || holdsNumbers(want) {
			return // numbers are compared as texts in TestYAMLNumbers
		}
		out, err := yamlOf(text)
		if err != nil {
			t.Fatal(err)
		}
		back, err := definition.JSONOfYAML(out)
		if err != nil || len(back) != 1 {
			t.Fatalf("%q becomes %q and then %q: %v", text, out, back, err)
		}
		var got any
		if err := json.Unmarshal([]byte(back[0]), &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q becomes\n%s\nand then %s", text, out, back[0])
		}
	})
}

func holdsNumbers(v any) bool {
	switch v := v.(type) {
	case float64:
		return true
	case []any:
		for _, e := range v {
			if holdsNumbers(e) {
				return true
			}
		}
	case map[string]any:
		for _, e := range v {
			if holdsNumbers(e) {
				return true
			}
		}
	}
	return false
}

func TestYAMLNumbers(t *testing.T) {
	for text, want := range map[string]string{
		"a: 9223372036854775807\n": `{"a":9223372036854775807}`, "a: 18446744073709551615\n": `{"a":18446744073709551615}`,
		"a: 0x10\n": `{"a":16}`, "a: 1.5e3\n": `{"a":1500}`, "a: 2024-05-06\n": `{"a":"2024-05-06"}`, "a: 2024-05-06T07:08:09Z\n": `{"a":"2024-05-06T07:08:09Z"}`,
	} {
		got, err := definition.JSONOfYAML(text)
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%q is %q, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{`{"a":9223372036854775807}`, `{"a":-0.1}`, `{"a":1e400}`, `{"a":12345678901234567890123}`} {
		if out, err := yamlOf(text); err != nil || out != "a: "+text[5:len(text)-1]+"\n" {
			t.Errorf("%s becomes %q, %v", text, out, err)
		}
	}
}
