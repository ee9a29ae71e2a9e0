package delivery

import (
	"strings"
	"testing"

	"github.com/Masterminds/sprig/v3"
)

// Templates of existing rules: the built-ins of text/template, sprig, and what
// eKuiper adds to them.
func TestTemplateFunctions(t *testing.T) {
	one := map[string]any{"a": int64(7), "f": 2.5, "s": "x", "list": []any{int64(1), int64(2)}, "b": []byte{1, 2}, "none": nil}
	for text, want := range map[string]string{
		`{{index .list 1}} {{len .list}} {{printf "%05.1f" .f}}`:                   "2 2 002.5",
		`{{range .list}}<{{.}}>{{end}}`:                                            "<1><2>",
		`{{with .s}}{{.}}!{{end}}`:                                                 "x!",
		`{{if and (eq .a 7) (gt .f 2.0)}}hot{{else}}cold{{end}}`:                   "hot",
		`{{upper .s}} {{add .a 1}} {{default "d" .none}}`:                          "X 8 d",
		`{{join "-" .list}} {{b64enc .s}} {{toJson .list}}`:                        "1-2 eA== [1,2]",
		`{{date "2006" (toDate "2006-01-02" "2026-01-31")}}`:                       "2026",
		`{{json .s}} {{json .}}`:                                                   `"x" {"a":7,"b":"AQI=","f":2.5,"list":[1,2],"none":null,"s":"x"}`,
		`{{base64 .s}} {{base64 .b}} {{base64 .a}} {{base64 .f}} {{base64 .list}}`: "eA== AQI= Nw== Mi41 WzEsMl0=",
		`{{.nosuch}}`:                "<no value>",
		`{{prop "plant"}}`:           "plant",
		`{{ternary "y" "n" true}}`:   "y",
		`{{$x := .a}}{{mul $x 2}}`:   "14",
		`{{- .s | upper | quote -}}`: `"X"`,
	} {
		tmpl, err := parseTemplate("dataTemplate", text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var out strings.Builder
		if err := tmpl.Execute(&out, one); err != nil || out.String() != want {
			t.Errorf("%s\n got %s %v\nwant %s", text, out.String(), err, want)
		}
	}
}

// Of sprig nothing is missing but what is withheld, which says why.
func TestTemplateFunctionsOfSprig(t *testing.T) {
	for name := range sprig.TxtFuncMap() {
		_, there := functions()[name]
		if _, refused := withheld[name]; there == refused {
			t.Errorf("%s: there is %v, withheld %v", name, there, refused)
		}
	}
	for name, reason := range withheld {
		if _, err := parseTemplate("topic", `{{`+name+` "HOME"}}`); err == nil || !strings.HasSuffix(err.Error(), reason) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A template keeps the functions that it calls, not all of them.
func BenchmarkParseTemplate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseTemplate("dataTemplate", `{"v":{{.a}},"t":"{{upper .b}}"}`); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzParseTemplate(f *testing.F) {
	f.Add(`{{upper .s}}`)
	f.Add(`{{env "X"}}`)
	f.Fuzz(func(_ *testing.T, text string) { _, _ = parseTemplate("dataTemplate", text) })
}
