package delivery

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func executed(t *testing.T, text string, data any) (string, error) {
	t.Helper()
	tmpl, err := parseTemplate("dataTemplate", text)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	err = tmpl.Execute(&b, data)
	return b.String(), err
}

// Whatever is in a column, a template of XML stays XML.
func TestTemplatesOfXML(t *testing.T) {
	data := map[string]any{"device": `boiler "1" <hot> & 'wet'` + "\x00\n", "t": 81.5, "big": 1e21, "n": int64(7), "none": nil, "yes": true,
		"list": []any{1.0, "<"}, "ms": int64(1700000000000), "float": 1.7e12, "text": "2023-11-14T23:13:20+01:00"}
	for text, want := range map[string]string{
		`<a d="{{xml .device}}"/>`:        `<a d="boiler &#34;1&#34; &lt;hot&gt; &amp; &#39;wet&#39;` + "\uFFFD" + `&#xA;"/>`,
		`{{xml .t}} {{xml .big}}`:         `81.5 1000000000000000000000`,
		`{{xml .n}}|{{xml .none}}|`:       `7||`,
		`{{xml .yes}} {{xml .list}}`:      `true [1,&#34;\u003c&#34;]`,
		`{{xmlTime .ms}}`:                 `2023-11-14T22:13:20.000Z`,
		`{{.float | xmlTime}}`:            `2023-11-14T22:13:20.000Z`,
		`{{xmlTime .text}}`:               `2023-11-14T22:13:20.000Z`,
		`{{"<" | xml}}{{xml .notThere}}.`: `&lt;.`,
	} {
		if got, err := executed(t, text, data); err != nil || got != want {
			t.Errorf("%s:\n got %s %v\nwant %s", text, got, err, want)
		}
	}
	if got, err := executed(t, `{{xmlTime .at}}`, map[string]any{"at": time.Unix(1700000000, 0)}); err != nil || got != "2023-11-14T22:13:20.000Z" {
		t.Error(got, err)
	}
	if _, err := executed(t, `{{xmlTime .device}}`, data); err == nil || !strings.Contains(err.Error(), "is no time: milliseconds") {
		t.Error(err)
	}
}

func FuzzXMLText(f *testing.F) {
	f.Add(`a<b>&"'` + "\r\n\t\x01\uFFFE")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := toXML(text)
		if err != nil {
			t.Fatal(err)
		}
		var back struct {
			Attr string `xml:"a,attr"`
			Text string `xml:",chardata"`
		}
		if err := xml.Unmarshal([]byte(`<r a="`+got+`">`+got+`</r>`), &back); err != nil {
			t.Fatalf("%q is %q: %v", text, got, err)
		}
		if back.Text != back.Attr || utf8.ValidString(text) && utf8.RuneCountInString(back.Text) != utf8.RuneCountInString(text) {
			t.Errorf("%q comes back as %q and %q", text, back.Text, back.Attr)
		}
	})
}
