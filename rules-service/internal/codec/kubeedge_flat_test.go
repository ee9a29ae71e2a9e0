package codec

import (
	"fmt"
	"testing"

	"sluice/sqlengine/value"
)

// Each row of the table that eKuiper 0.9 to 1.12 had: what a JSON value becomes
// by the type of the property. Nothing stands for an error, which leaves the
// column out.
func TestKubeEdgeTable(t *testing.T) {
	types := []string{"int", "float", "double", "boolean", "bool", "string", "bytes"}
	for _, c := range []struct {
		in    string
		whole bool // numbers without a point are integers
		want  [7]string
	}{
		{"true", false, [7]string{"BIGINT 1", "", "", "", "BOOLEAN true", "", ""}},
		{"false", false, [7]string{"BIGINT 0", "", "", "", "BOOLEAN false", "", ""}},
		{"7", true, [7]string{"BIGINT 7", "FLOAT 7", "", "BOOLEAN true", "", `STRING "7"`, ""}},
		{"0", true, [7]string{"BIGINT 0", "FLOAT 0", "", "BOOLEAN false", "", `STRING "0"`, ""}},
		{`"7"`, false, [7]string{"BIGINT 7", "FLOAT 7", "", "", "", `STRING "7"`, ""}},
		{`"1.5"`, false, [7]string{"", "FLOAT 1.5", "", "", "", `STRING "1.5"`, ""}},
		{`"x"`, false, [7]string{"", "", "", "", "", `STRING "x"`, ""}},
		{`"NaN"`, false, [7]string{"", "", "", "", "", `STRING "NaN"`, ""}},
		{"7", false, [7]string{"BIGINT 7", "FLOAT 7", "FLOAT 7", "", "", `STRING "7"`, ""}},
		{"-1.9", false, [7]string{"BIGINT -1", "FLOAT -1.9", "FLOAT -1.9", "", "", `STRING "-1.9"`, ""}},
		{"1e21", false, [7]string{"", "FLOAT 1e+21", "FLOAT 1e+21", "", "", `STRING "1000000000000000000000"`, ""}},
		{`{"value":1}`, false, [7]string{}},
		{"[1]", false, [7]string{}},
		{"null", false, [7]string{}},
	} {
		for i, typ := range types {
			s := fields("a")
			d := decoder(t, "kubeedge-flat", s, DecoderOptions{Types: models{"/dev": {"a": typ}}, Int64ForWholeNumber: c.whole})
			rows, err := d.Decode(nil, fmt.Appendf(nil, `{"a":%s}`, c.in), topicMeta(hw+"dev/twin/update"), 0)
			if len(rows) != 1 {
				t.Fatalf("%s as %s: %d rows: %v", c.in, typ, len(rows), err)
			}
			got := ""
			if v := rows[0].Cols[0]; !v.IsMissing() {
				b, _ := v.AppendJSON(nil)
				got = fmt.Sprintf("%s %s", v.Kind(), b)
			}
			if got != c.want[i] || (err != nil) != (got == "") {
				t.Errorf("%s as %s: got %s, %v; want %s", c.in, typ, got, err, c.want[i])
			}
		}
	}
}

func TestKubeEdgeFlat(t *testing.T) {
	types := models{"/dev": {"temperature": "int", "name": "string"}}
	for _, c := range []struct{ name, topic, in, want string }{
		{"keys in any case", "a/b/c/dev", `{"Temperature":1.9,"NAME":2}`, `{"NAME":"2","Temperature":1}`},
		{"an unknown key stays", "a/b/c/dev/x", `{"temperature":1.9,"other":2.5}`, `{"other":2.5,"temperature":1}`},
		{"an unknown device", "a/b/c/other", `{"temperature":1.9}`, `{"temperature":1.9}`},
		{"a short topic", "a/b", `{"temperature":1.9}`, `{"temperature":1.9}`},
		{"the device is the fourth level, also with a namespace", hw + "default/dev/twin/update", `{"temperature":1.9}`, `{"temperature":1.9}`},
		{"nested messages stay as they are", hw + "dev/twin/update", `{"twin":{"temperature":{"actual":{"value":"1"}}}}`, `{"twin":{"temperature":{"actual":{"value":"1"}}}}`},
		{"an error leaves one out", hw + "dev/twin/update", `{"temperature":null,"name":"x"}`,
			`{"name":"x"}` + "\n" + `error: decode kubeedge: property "temperature": null cannot become int`},
		{"rows", hw + "dev/x", `[{"temperature":1.9},5,{"temperature":"2"}]`, `{"temperature":1}` + "\n" + `{"temperature":2}` + "\n" + `error: decode kubeedge: an object is wanted, not number`},
		{"no JSON", hw + "dev/x", `{`, `error: decode kubeedge: cannot parse JSON: cannot parse object: missing '}'; unparsed tail: ""`},
	} {
		d := decoder(t, "kubeedge-flat", everything(), DecoderOptions{Types: types})
		if got := whole(t, d, c.topic, c.in); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.name, got, c.want)
		}
	}
	s := fields("temperature", "other", "name")
	d := decoder(t, "kubeedge-flat", s, DecoderOptions{Types: types, Fields: declaredFields("temperature", value.Float, "other", value.Int, "name", value.Int)})
	if got, want := whole(t, d, "a/b/c/dev", `{"temperature":1.9,"other":2,"name":3}`), "1 2 missing\n"+`error: decode kubeedge: property "name": column "name": STRING where BIGINT is declared`; got != want {
		t.Errorf("declared\n got %s\nwant %s", got, want)
	}
	if got := whole(t, decoder(t, "kubeedge-flat", everything(), DecoderOptions{}), "a/b/c/dev", `{"temperature":1.9}`); got != `{"temperature":1.9}` {
		t.Error("without models:", got)
	}
}
