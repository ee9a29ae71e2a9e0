package jsonpath

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"sluice/sqlengine/value"
)

// fromJSON reads JSON; numbers without a point are BIGINT.
func fromJSON(t testing.TB, text string) value.Value {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return of(v)
}

func of(v any) value.Value {
	switch v := v.(type) {
	case bool:
		return value.OfBool(v)
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return value.OfInt(i)
		}
		f, _ := v.Float64() // infinite where it is too large
		return value.OfFloat(f)
	case string:
		return value.OfString(v)
	case []any:
		l := make([]value.Value, len(v))
		for i, e := range v {
			l[i] = of(e)
		}
		return value.OfList(l)
	case map[string]any:
		var names []string
		var l []value.Value
		for name, e := range v {
			names, l = append(names, name), append(l, of(e))
		}
		return value.OfObject(value.FieldsOf(names, l))
	}
	return value.Value{}
}

func toJSON(t testing.TB, v value.Value) string {
	t.Helper()
	b, err := v.AppendJSON(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const hero = `{"name": "dale", "arm.left": "shield", "age": 37, "größe": 1, "nothing": null, "ok": true,
	"rings": [{"name": "despair", "weight": 0.1}, {"name": "strength", "weight": 2.4, "runes": [1, 2]}, {"name": "none"}],
	"nested": {"name": "inner", "list": [[1, 2], [3]], "limit": 2}}`

func TestQuery(t *testing.T) {
	data := fromJSON(t, hero)
	for path, want := range map[string]string{
		`$.name`: `"dale"`, ` $.name `: `"dale"`, `$["name"]`: `"dale"`, `$['name']`: `"dale"`, `$[name]`: `"dale"`, `$["arm.left"]`: `"shield"`, `$.größe`: `1`,
		`$["na\u006de"]`: `"dale"`, `$.nothing`: `null`, `$.rings[0].name`: `"despair"`, `$.rings[-1].name`: `"none"`, `$.rings[9]`: `null`, `$.rings[-9]`: `null`,
		`$.nested.list[1][0]`: `3`, `$["rings"] [0]`: `error`, `$[ "age" ]`: `37`,

		`$.rings[*].weight`: `[0.1,2.4]`, `$.rings.*.name`: `["despair","strength","none"]`, `$.nested.*`: `[2,[[1,2],[3]],"inner"]`, `$.name[*]`: `[]`, `$.missing[*]`: `[]`,
		`$.rings[*][5]`: `[]`, `$.nested.list[*][1]`: `[2,null]`,

		`$..name`: `["dale","inner","despair","strength","none"]`, `$.rings..weight`: `[0.1,2.4]`, `$.nested.list..[0]`: `[[1,2],1,3]`,
		`$.nested..*`: `[2,[[1,2],[3]],"inner",[1,2],[3],1,2,3]`, `$..[?@.weight > 1].name`: `["strength"]`,

		`$.rings[0:2].name`: `["despair","strength"]`, `$.rings[1:].name`: `["strength","none"]`, `$.rings[:1].name`: `["despair"]`, `$.rings[-1:].name`: `["none"]`,
		`$.rings[:].name`: `["despair","strength","none"]`, `$.rings[::2].name`: `["despair","none"]`, `$.rings[::-1].name`: `["none","strength","despair"]`,
		`$.rings[0:2:-1].name`: `["strength","despair"]`, `$.rings[2:1]`: `[]`, `$.rings[ 1 : 2 : 1 ].name`: `["strength"]`, `$.nested[0:2]`: `[]`,

		`$.rings[0,2].name`: `["despair","none"]`, `$["age", 'name']`: `[37,"dale"]`, `$["age","missing"]`: `[37]`, `$.rings[0, 9]`: `[{"name":"despair","weight":0.1},null]`,

		`$.rings[? @.weight>1].name`: `["strength"]`, `$.rings[?(@.weight>1)].name`: `["strength"]`, `$.rings[? (@.weight >= 0.1)].name`: `["despair","strength"]`,
		`$.rings[?@.weight<1].name`: `["despair"]`, `$.rings[?@.weight<=2.4].name`: `["despair","strength"]`, `$.rings[?@.weight==2.4].name`: `["strength"]`,
		`$.rings[?@.weight!=2.4].name`: `["despair"]`, `$.rings[?!(@.weight==2.4)].name`: `["despair","none"]`, `$.rings[?@.weight].name`: `["despair","strength"]`,
		`$.rings[?!@.weight].name`: `["none"]`, `$.rings[?@.weight>1 || @.name=='none'].name`: `["strength","none"]`, `$.rings[?@.weight>0 && @.weight<1].name`: `["despair"]`,
		`$.rings[?@.name=="none" || @.weight>0 && @.weight<1].name`: `["despair","none"]`, `$.rings[?(@.name=="none" || @.weight>0) && !(@.weight<1)].name`: `["strength","none"]`,
		`$.rings[?@.weight>$.nested.limit].name`: `["strength"]`, `$.rings[?1<@.weight].name`: `["strength"]`, `$.rings[?@["name"]>"none"].name`: `["strength"]`,
		`$.rings[?@.runes[?@==2]].name`: `["strength"]`, `$.rings[?@.runes==@.runes].name`: `["strength"]`, `$.rings[?@.name<1].name`: `[]`, `$.rings[?true].name`: `["despair","strength","none"]`,
		`$.rings[?false]`: `[]`, `$.rings[?@.weight==-1e3]`: `[]`, `$[?@==null]`: `[null]`, `$[?@!=nil][?@==2]`: `[2]`, `$[?@==true]`: `[true]`, `$.nested[?@.x==1]`: `[]`,
		`$.rings[?@.runes[0:1]].name`: `["strength"]`,

		`$.missing`: `error`, `$.name.x`: `error`, `$.rings.name`: `error`, `$.nested[0]`: `error`, `$.age[0]`: `error`, `$.nothing.x`: `error`, `$.rings["0"]`: `error`,
	} {
		p, err := Compile(path)
		if err != nil {
			if want != "error" {
				t.Error(err)
			}
			continue
		}
		v, err := p.Query(data)
		switch {
		case err != nil && want != "error":
			t.Errorf("%s: %v", path, err)
		case err == nil && toJSON(t, v) != want:
			t.Errorf("%s = %s, want %s", path, toJSON(t, v), want)
		case err == nil && p.Many() && v.Kind() != value.List:
			t.Errorf("%s may lead to many and gives %s", path, v.Kind())
		}
	}
	for _, path := range []string{"$", "$ "} {
		p, err := Compile(path)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := p.Query(value.OfInt(1)); err != nil || v.Int() != 1 || p.Many() {
			t.Errorf("%q = %v, %v", path, v, err)
		}
	}
}

// TestIndexOfObject: an index is also a name.
func TestIndexOfObject(t *testing.T) {
	p, err := Compile("$[1]")
	if err != nil {
		t.Fatal(err)
	}
	if v, err := p.Query(fromJSON(t, `{"1": "one"}`)); err != nil || v.Str() != "one" {
		t.Errorf("%v, %v", v, err)
	}
}

func TestSyntaxErrors(t *testing.T) {
	for path, want := range map[string]string{
		``:                 `character 1: expected $, with which a path begins, found the end`,
		`a.b`:              `character 1: expected $, with which a path begins, found 'a'`,
		`$a`:               `character 2: expected ., [ or the end of the path, found 'a'`,
		`$.`:               `character 3: expected a name or *; other keys are written ["a key"], found the end`,
		`$.größe.1`:        `character 9: expected a name or *; other keys are written ["a key"], found '1'`,
		`$[`:               `character 3: expected an index, a key in quotes, *, a slice or ?, found the end`,
		`$[1`:              `character 4: expected ], found the end`,
		`$[1 2]`:           `character 5: expected ], found '2'`,
		`$[1,]`:            `character 5: expected an index, a key in quotes, *, a slice or ?, found ']'`,
		`$["a]`:            `character 3: the quote is not closed`,
		`$["\x"]`:          `character 5: expected an escape of JSON, found 'x'`,
		`$["\ud83d"]`:      `character 5: expected an escape of JSON, found 'u'`,
		`$["\u00`:          `character 5: expected an escape of JSON, found 'u'`,
		`$["\u00zz"]`:      `character 5: expected an escape of JSON, found 'u'`,
		`$[99999999999]`:   `character 3: expected an integer of at most 32 bits, found '9'`,
		`$[1:99999999999]`: `character 5: expected an integer of at most 32 bits, found '9'`,
		`$[0:1:0]`:         `character 8: the step of a slice cannot be 0`,
		`$[?]`:             `character 4: expected @, $, a number, a text in quotes, true, false or null, found ']'`,
		`$[?@.a>]`:         `character 8: expected @, $, a number, a text in quotes, true, false or null, found ']'`,
		`$[?@.a=1]`:        `character 7: expected ], found '='`,
		`$[?(@.a]`:         `character 8: expected ), found ']'`,
		`$[?(@.a ||)]`:     `character 11: expected @, $, a number, a text in quotes, true, false or null, found ')'`,
		`$[?@.a && x]`:     `character 11: expected @, $, a number, a text in quotes, true, false or null, found 'x'`,
		`$[?@.a == 1.2.3]`: `character 11: expected a number, found '1'`,
		`$[?@.]`:           `character 6: expected a name or *; other keys are written ["a key"], found ']'`,
		`$[(@.length-1)]`:  `character 3: expected an index, a key in quotes, *, a slice or ?, found '('`,
	} {
		_, err := Compile(path)
		var bad *SyntaxError
		if !errors.As(err, &bad) || !strings.HasSuffix(err.Error(), want) || !strings.HasPrefix(err.Error(), "json path ") {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
	for _, path := range []string{
		"$[?" + strings.Repeat("(", 1000) + "@", "$[?" + strings.Repeat("!", 1000) + "@]", strings.Repeat("$[?", 1000),
	} {
		if _, err := Compile(path); err == nil || !strings.Contains(err.Error(), "nested too deeply") {
			t.Errorf("%.10s…: %v", path, err)
		}
	}
}

// TestWorkIsBounded: descents multiply.
func TestWorkIsBounded(t *testing.T) {
	v := value.OfInt(1)
	for range 40 {
		v = value.OfList([]value.Value{v, v})
	}
	for _, path := range []string{"$..*", "$..*..*", "$..[?@..*]", "$" + strings.Repeat("[*]", 40), "$" + strings.Repeat("[0,1]", 40), "$..[0:2]"} {
		p, err := Compile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Query(v); err == nil || !strings.Contains(err.Error(), "visits more than") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func FuzzQuery(f *testing.F) {
	for _, path := range []string{`$.a["b"][0]`, `$..[?(@.a>1 && !(@.b=='x')) || $.c<=2e3].d`, `$.x[1:2:-1][*]`, `$['a', "\u0062", -1].c`, `$[?@[?@]]`} {
		f.Add(path, hero)
	}
	f.Fuzz(func(t *testing.T, path, data string) {
		p, err := Compile(path)
		if err != nil {
			var bad *SyntaxError
			if !errors.As(err, &bad) || bad.Position < 1 || bad.Position > len([]rune(path))+1 {
				t.Errorf("%q: %v", path, err)
			}
			return
		}
		if !json.Valid([]byte(data)) {
			return
		}
		v, err := p.Query(fromJSON(t, data))
		if err == nil && p.Many() && v.Kind() != value.List {
			t.Errorf("%q of %s is %s", path, data, v)
		}
	})
}
