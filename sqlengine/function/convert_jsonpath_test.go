package function

import (
	"errors"
	"testing"

	"sluice/sqlengine/value"
)

const rings = `{"o": {"rings": [{"w": 1}, {"w": 3}], "none": [], "nothing": null}, "a": [1, [2]], "text": "{\"x\": [1, 2]}", "bad": "{", "scalar": "1", "n": null, "i": 1}`

func TestJSONPaths(t *testing.T) {
	checkCalls(t, testContext(), rings, map[string]string{
		`json_path_query(o, "$.rings[*].w")`: `[1,3]`, `json_path_query(o, "$.rings[? @.w > 1]")`: `[{"w":3}]`, `json_path_query(a, "$[1][0]")`: `2`, `json_path_query(a, "$[7]")`: `null`,
		`json_path_query(text, "$.x")`: `[1,2]`, `json_path_query(text, "$")`: `{"x":[1,2]}`, `json_path_query(scalar, "$")`: `1`, `json_path_query(o, "$.nothing")`: `null`,
		`json_path_query(o, "$.missing")`: `error`, `json_path_query(o, "$.missing[*]")`: `[]`, `json_path_query(bad, "$.x")`: `error`, `json_path_query(n, "$.x")`: `error`,
		`json_path_query(i, "$.x")`: `error`, `json_path_query(none, "$")`: `error`, `json_path_query(o, n)`: `error`, `json_path_query(o, NULL)`: `error`, `json_path_query(o, "x")`: `error`,

		`json_path_query_first(o, "$.rings[*].w")`: `1`, `json_path_query_first(o, "$.rings")`: `{"w":1}`, `json_path_query_first(o, "$.none")`: `null`, `json_path_query_first(a, "$[0]")`: `error`,
		`json_path_query_first(n, "$[*]")`: `error`, `json_path_query_first(o, "$.missing")`: `error`,

		`json_path_exists(o, "$.rings")`: `true`, `json_path_exists(o, "$.rings[? @.w > 5]")`: `false`, `json_path_exists(o, "$.none")`: `false`, `json_path_exists(o, "$.nothing")`: `false`,
		`json_path_exists(o, "$.missing")`: `false`, `json_path_exists(n, "$.x")`: `false`, `json_path_exists(bad, "$.x")`: `false`, `json_path_exists(text, "$.x[1]")`: `true`,
		`json_path_exists(a, "$[7]")`: `false`,
	})
}

// TestEmptyDocuments: an empty array is searched, unlike in other functions.
func TestEmptyDocuments(t *testing.T) {
	checkCalls(t, testContext(), `{"a": [], "o": {}}`, map[string]string{
		`json_path_query(a, "$")`: `[]`, `json_path_query(a, "$[*]")`: `[]`, `json_path_query(o, "$")`: `{}`, `json_path_query(o, "$.a")`: `error`, `json_path_exists(o, "$.a")`: `false`,
	})
}

func TestBadPathsAreRefused(t *testing.T) {
	for _, name := range []string{"json_path_query", "json_path_query_first", "json_path_exists"} {
		for path, want := range map[string]string{
			"$.a[": `json path "$.a[", character 5: expected an index, a key in quotes, *, a slice or ?, found the end`,
			"a":    `json path "a", character 1: expected $, with which a path begins, found 'a'`,
		} {
			_, err := mustScalar(t, name).Bind([]Arg{{}, literal(value.OfString(path))})
			var bad *BindError
			if !errors.As(err, &bad) || bad.Arg != 1 || bad.Msg != want {
				t.Errorf("%s: %v, want %s", name, err, want)
			}
		}
	}
}

func BenchmarkJSONPath(b *testing.B) {
	bound, err := mustScalar(b, "json_path_query").Bind([]Arg{{Kind: value.Object}, literal(value.OfString("$.rings[? @.w > 1].w"))})
	if err != nil {
		b.Fatal(err)
	}
	o := valueOf(b, decodeJSON(b, rings)).Object().Get("o")
	c, args := testContext(), make([]value.Value, 2)
	b.ReportAllocs()
	for b.Loop() {
		args[0], args[1] = o, value.OfString("$")
		if _, err := bound.Call(c, args); err != nil {
			b.Fatal(err)
		}
	}
}
