package codec

import (
	"strings"
	"testing"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// topicMeta is a message's topic.
type topicMeta string

func (m topicMeta) Get(key string) value.Value {
	if key == "topic" {
		return value.OfString(string(m))
	}
	return value.Missing
}

func (m topicMeta) All() value.Value {
	return value.OfObject(value.FieldsOf([]string{"topic"}, []value.Value{m.Get("topic")}))
}

// models are types by namespace/device.
type models map[string]map[string]string

func (m models) Properties(namespace, device string) map[string]string {
	return m[namespace+"/"+device]
}

// whole is what a payload gives: a line for each row, as JSON, with the metadata
// that is named, and the error.
func whole(t testing.TB, d Decoder, topic, payload string) string {
	t.Helper()
	rows, err := d.Decode(nil, []byte(payload), topicMeta(topic), 0)
	var out []string
	for _, r := range rows {
		var cols []string
		for _, v := range r.Cols {
			if v.IsMissing() {
				cols = append(cols, "missing")
				continue
			}
			b, err := v.AppendJSON(nil)
			if err != nil {
				t.Fatal(err)
			}
			cols = append(cols, string(b))
		}
		out = append(out, strings.Join(cols, " "))
	}
	if err != nil {
		out = append(out, "error: "+err.Error())
	}
	return strings.Join(out, "\n")
}

// everything is a schema of the whole row and of metadata.
func everything(keys ...string) *value.Schema {
	s := &value.Schema{Columns: []value.Column{{Name: "*", Role: value.Whole}}}
	for _, k := range keys {
		s.Columns = append(s.Columns, value.Column{Name: k, Role: value.Meta})
	}
	return s
}

const (
	hw   = "$hw/events/device/"
	ke   = "$ke/events/device/"
	boil = hw + "default/boiler-1"
)

// The messages are those that edgecore 1.22.2 and the Modbus mapper send.
func TestKubeEdgeMessages(t *testing.T) {
	types := models{"default/boiler-1": {"temperature": "float", "threshold": "int", "on": "boolean", "name": "string", "raw": "bytes", "exact": "double"}}
	keys := []string{"device", "namespace", "kind", "event_id", "timestamp"}
	for _, c := range []struct{ name, topic, in, want string }{
		{"report", boil + "/twin/update",
			`{"event_id":"e1","timestamp":1,"twin":{"temperature":{"actual":{"value":"81.5","metadata":{"timestamp":1}},"metadata":{"type":"string"}}}}`,
			`{"temperature":81.5} "boiler-1" "default" "twin" "e1" 1`},
		{"the message says the type", hw + "dev1/twin/update",
			`{"event_id":"","timestamp":1795210433093,"twin":{"coil":{"actual":{"value":"true","metadata":{}},"metadata":{"type":"boolean"}}}}`,
			`{"coil":true} "dev1" missing "twin" "" 1795210433093`},
		{"no type at all", hw + "dev1/twin/update", `{"twin":{"a":{"actual":{"value":"12"}}}}`, `{"a":"12"} "dev1" missing "twin" missing missing`},
		{"a type that is none", hw + "dev1/twin/update", `{"twin":{"a":{"actual":{"value":"12"},"metadata":{"type":"Updated"}}}}`, `{"a":"12"} "dev1" missing "twin" missing missing`},
		{"a type in capitals", hw + "dev1/twin/update", `{"twin":{"a":{"actual":{"value":"12"},"metadata":{"type":"INT"}}}}`, `{"a":12} "dev1" missing "twin" missing missing`},
		{"wish", boil + "/twin/update", `{"event_id":"e3","timestamp":3,"twin":{"threshold":{"expected":{"value":"80"},"metadata":{"type":"int"}}}}`,
			`{"threshold":80} "boiler-1" "default" "twin" "e3" 3`},
		{"what is reported comes before what is wanted", boil + "/twin/get/result",
			`{"event_id":"e8","timestamp":8,"twin":{"threshold":{"expected":{"value":"80"},"actual":{"value":"70"},"optional":true,"metadata":{"type":"int"}}}}`,
			`{"threshold":70} "boiler-1" "default" "result" "e8" 8`},
		{"delta", boil + "/twin/update/delta",
			`{"event_id":"u","timestamp":2,"twin":{"threshold":{"expected":{"value":"80","metadata":{"timestamp":2}},"actual":{"value":"70"},"optional":true,"metadata":{"type":"int"}},"on":{"expected":{"value":"true"}}},"delta":{"threshold":"80"}}`,
			`{"threshold":80} "boiler-1" "default" "delta" "u" 2`},
		{"document", boil + "/twin/update/document",
			`{"event_id":"e1","timestamp":2,"twin":{"temperature":{"last":null,"current":{"actual":{"value":"81.5","metadata":{"timestamp":2}},"optional":true,"metadata":{"type":"float"}}}}}`,
			`{"temperature":81.5} "boiler-1" "default" "document" "e1" 2`},
		{"document of what is gone", boil + "/twin/update/document",
			`{"event_id":"e12","timestamp":2,"twin":{"temperature":{"last":{"actual":{"value":"82.5"},"metadata":{"type":"float"}},"current":null}}}`,
			`{"temperature":null} "boiler-1" "default" "document" "e12" 2`},
		{"deleted", boil + "/twin/update", `{"event_id":"e12","timestamp":12,"twin":{"temperature":null}}`, `{"temperature":null} "boiler-1" "default" "twin" "e12" 12`},
		{"data", ke + "dev1/data/update", `{"event_id":"","timestamp":5,"data":{"cnt":{"value":"10000","metadata":{"timestamp":5,"type":"int"}}}}`,
			`{"cnt":10000} "dev1" missing "data" "" 5`},
		{"all types", ke + "default/boiler-1/data/update",
			`{"timestamp":"7","data":{"temperature":{"value":"-1e2"},"threshold":{"value":"-3"},"on":{"value":"false"},"name":{"value":"7"},"raw":{"value":"AP-_"},"exact":{"value":"0.1"}}}`,
			`{"exact":0.1,"name":"7","on":false,"raw":"AP+/","temperature":-100,"threshold":-3} "boiler-1" "default" "data" missing 7`},
		{"values that are no texts", ke + "default/boiler-1/data/update", `{"data":{"temperature":{"value":4},"threshold":{"value":5},"on":{"value":true},"name":{"value":6},"other":{"value":7}}}`,
			`{"name":"6","on":true,"other":7,"temperature":4,"threshold":5} "boiler-1" "default" "data" missing missing`},
		{"values without an object around", boil + "/twin/update", `{"twin":{"threshold":"5"}}`, `{"threshold":5} "boiler-1" "default" "twin" missing missing`},
		{"empty is NULL, but for texts", ke + "default/boiler-1/data/update", `{"data":{"temperature":{"value":""},"raw":{"value":""},"name":{"value":""}}}`,
			`{"name":"","raw":null,"temperature":null} "boiler-1" "default" "data" missing missing`},
		{"flat", boil + "/twin/update", `{"temperature":"20","threshold":3,"x":[1]}`, `{"temperature":20,"threshold":3,"x":[1]} "boiler-1" "default" "twin" missing missing`},
		{"refused", boil + "/twin/update/result", `{"event_id":"e6","timestamp":4,"code":400,"reason":"no"}`,
			`{"code":400,"event_id":"e6","reason":"no","timestamp":4} "boiler-1" "default" "result" "e6" 4`},
		{"behind a bridge", "edge1/" + boil + "/twin/update", `{"twin":{"threshold":{"actual":{"value":"1"}}}}`, `{"threshold":1} "boiler-1" "default" "twin" missing missing`},
		{"a topic of its own", "plant/boiler", `{"event_id":"x","data":{"a":{"value":"1","metadata":{"type":"int"}}}}`, `{"a":1} missing missing "data" "x" missing`},
		{"an id of three levels", hw + "a/b/c/twin/update", `{"twin":{"a":"1"}}`, `{"a":"1"} missing missing "twin" missing missing`},
		{"nothing about values", boil + "/twin/update", `{"twin":{"temperature":{"metadata":{"type":"Updated"}}}}`, ""},
		{"no twin", boil + "/twin/update", `{"event_id":"","timestamp":1,"twin":null}`, ""},
		{"no data", ke + "d/data/update", `{"event_id":"","timestamp":1,"data":null}`, ""},
		{"one is wrong, the others count", boil + "/twin/update", `{"twin":{"threshold":{"actual":{"value":"8.5"}},"temperature":{"actual":{"value":"3"}}}}`,
			`{"temperature":3} "boiler-1" "default" "twin" missing missing` + "\n" + `error: decode kubeedge: property "threshold": "8.5" is no BIGINT`},
		{"wrong bytes", boil + "/twin/update", `{"twin":{"raw":{"actual":{"value":"%"}}}}`,
			`{} "boiler-1" "default" "twin" missing missing` + "\n" + `error: decode kubeedge: property "raw": BYTEA wants base64`},
		{"wrong JSON type", ke + "default/boiler-1/data/update", `{"data":{"on":{"value":[1]}}}`,
			`{} "boiler-1" "default" "data" missing missing` + "\n" + `error: decode kubeedge: property "on": value: array where BOOLEAN is declared`},
		{"no object", boil, `[1]`, "error: decode kubeedge: an object is wanted, not array"},
		{"a wrong time", boil + "/twin/update", `{"event_id":5,"timestamp":"now","twin":{"threshold":"1"}}`, `{"threshold":1} "boiler-1" "default" "twin" missing missing`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := decoder(t, "kubeedge", everything(keys...), DecoderOptions{Types: types})
			for range 2 { // a decoder keeps nothing of the message before
				if got := whole(t, d, c.topic, c.in); got != c.want {
					t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
				}
			}
		})
	}
}

// Declared columns count before the model, which counts before the message.
func TestKubeEdgeColumns(t *testing.T) {
	const payload = `{"twin":{"a":{"actual":{"value":"1"},"metadata":{"type":"string"}},"b":{"actual":{"value":"2"},"metadata":{"type":"string"}},"c":{"actual":{"value":"3"},"metadata":{"type":"int"}}}}`
	types := models{"/d": {"a": "int", "b": "int"}}
	d := decoder(t, "kubeedge", fields("a", "b", "c", "e"), DecoderOptions{Types: types, Fields: declaredFields("a", value.Float, "e", value.Int)})
	if got := whole(t, d, hw+"d/twin/update", payload); got != `1 2 3 missing` {
		t.Error(got)
	}
	rows, err := d.Decode(nil, []byte(payload), topicMeta(hw+"d/twin/update"), 0)
	if err != nil || rows[0].Cols[0].Kind() != value.Float || rows[0].Cols[1].Kind() != value.Int || rows[0].Cols[2].Kind() != value.Int {
		t.Error(rows, err)
	}
	strict := decoder(t, "kubeedge", fields("a", "e"), DecoderOptions{Fields: declaredFields("a", value.Float, "e", value.Int), Strict: true})
	if got := whole(t, strict, hw+"d/twin/update", payload); got != `error: decode kubeedge: column "e" is missing, and STRICT_VALIDATION wants it` {
		t.Error(got)
	}
	if got := decoded(t, decoder(t, "kubeedge", fields("b"), DecoderOptions{}), fields("b"), payload); got != `STRING "2"` {
		t.Error("without a topic and models:", got)
	}
}

func TestKubeEdgeMeta(t *testing.T) {
	types := models{"default/boiler-1": {"threshold": "int"}}
	d := decoder(t, "kubeedge", everything("threshold", "topic", "*", "nothing"), DecoderOptions{Types: types})
	for _, c := range []struct{ in, want string }{
		{`{"timestamp":9,"twin":{"threshold":{"expected":{"value":"80","metadata":{"timestamp":2}},"actual":{"value":"70","metadata":{"timestamp":3}},"metadata":{"type":"string"}}}}`,
			`{"actual":70,"expected":80,"timestamp":3,"type":"int"}`},
		{`{"timestamp":9,"twin":{"threshold":{"last":{"actual":{"value":"1"}},"current":{"actual":{"value":"2"}}}}}`, `{"actual":2,"last":1,"type":"int"}`},
		{`{"timestamp":9,"twin":{"threshold":{"last":{"actual":{"value":"1","metadata":{"timestamp":3}}},"current":null}}}`, `{"last":1,"type":"int"}`},
		{`{"timestamp":9,"twin":{"threshold":{"last":{"actual":{"value":"1","metadata":{"timestamp":3}}}}}}`, `{"last":1,"type":"int"}`},
		{`{"timestamp":9,"twin":{"threshold":{"expected":{"value":"80"}}},"delta":{"threshold":"80"}}`, `{"expected":80,"type":"int"}`},
		{`{"timestamp":9,"twin":{"threshold":{"expected":{"value":"80","metadata":{"timestamp":2}}}}}`, `{"expected":80,"timestamp":2,"type":"int"}`},
		{`{"timestamp":9,"data":{"threshold":{"value":"80","metadata":{"timestamp":"4"}}}}`, `{"timestamp":4,"type":"int"}`},
	} {
		rows, err := d.Decode(nil, []byte(c.in), topicMeta(boil+"/twin/update"), 0)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := rows[0].Cols[1].AppendJSON(nil)
		if string(got) != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
		}
		all, _ := rows[0].Cols[3].AppendJSON(nil)
		want := `{"device":"boiler-1","kind":"twin","namespace":"default","threshold":` + c.want + `,"timestamp":9,"topic":"` + boil + `/twin/update"}`
		if string(all) != want || rows[0].Cols[2].Str() != boil+"/twin/update" || !rows[0].Cols[4].IsMissing() {
			t.Errorf("%s\n got %s\nwant %s", c.in, all, want)
		}
	}
}

// A column timestamp is the time of the message, unless a property has the name.
func TestKubeEdgeTimeAsAColumn(t *testing.T) {
	for _, c := range []struct {
		declared []sqlengine.Field
		in, want string
	}{
		{nil, `{"timestamp":5,"twin":{"a":"1"}}`, `{"a":"1"} 5`},
		{nil, `{"timestamp":"6","data":{"a":{"value":"1"}}}`, `{"a":"1"} 6`},
		{nil, `{"timestamp":5,"twin":{"timestamp":{"actual":{"value":"7"},"metadata":{"type":"int"}}}}`, `{"timestamp":7} 7`},
		{nil, `{"twin":{"a":"1"}}`, `{"a":"1"} missing`},
		{declaredFields("timestamp", value.Float), `{"timestamp":5,"twin":{"a":"1"}}`, `{"a":"1"} 5`},
		{declaredFields("timestamp", value.Bool), `{"timestamp":5,"twin":{"a":"1"}}`, `{"a":"1"} missing`},
	} {
		s := everything()
		s.Columns = append(s.Columns, value.Column{Name: "timestamp"})
		d := decoder(t, "kubeedge", s, DecoderOptions{Fields: c.declared})
		if got := whole(t, d, boil+"/twin/update", c.in); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

// Many topics are forgotten and known again.
func TestKubeEdgeTopicsAreBounded(t *testing.T) {
	d := decoder(t, "kubeedge", everything("device"), DecoderOptions{}).(*kubeedgeDecoder)
	for i := range 2*keptTopics + 10 {
		name := "d" + strings.Repeat("x", i%3) + string(rune('a'+i%26)) + strings.Repeat("y", i/26%200) + strings.Repeat("z", i/5200)
		if got := whole(t, d, hw+name+"/twin/update", `{"twin":{"a":"1"}}`); got != `{"a":"1"} "`+name+`"` {
			t.Fatal(got)
		}
	}
	if n := len(d.topics); n > keptTopics {
		t.Errorf("%d topics are kept", n)
	}
}

func TestKubeEdgeIsNoFormatOfActions(t *testing.T) {
	if _, err := NewWriter("kubeedge", Form{}); err == nil || !strings.Contains(err.Error(), "is for streams") {
		t.Error(err)
	}
	if _, err := NewDecoder("kubedge", fields(), DecoderOptions{}); err == nil || !strings.Contains(err.Error(), `did you mean "kubeedge"?`) {
		t.Error(err)
	}
}

func FuzzKubeEdge(f *testing.F) {
	for _, seed := range []string{
		`{"event_id":"e","timestamp":1,"twin":{"threshold":{"expected":{"value":"80"},"actual":{"value":"70"},"metadata":{"type":"int"}}},"delta":{"threshold":"80"}}`,
		`{"twin":{"a":{"last":null,"current":{"actual":{"value":"1"}}},"b":null,"c":5}}`, `{"data":{"on":{"value":true,"metadata":{"timestamp":"x"}}}}`,
		`{"threshold":1e400}`, `{"twin":[]}`, `{"delta":{"raw":"%"}}`, `{"":""}`, "{\"\xff\":\"\xff\"}", `{`,
	} {
		f.Add(boil+"/twin/update", []byte(seed))
	}
	f.Add("$ke/events/device//data/update", []byte(`{"on":"true"}`))
	types := models{"default/boiler-1": {"threshold": "int", "on": "boolean", "raw": "bytes"}}
	s := everything("*", "device", "threshold", "timestamp")
	s.Columns = append(s.Columns, value.Column{Name: "threshold"}, value.Column{Name: "raw"})
	f.Fuzz(func(t *testing.T, topic string, payload []byte) {
		for _, format := range []string{"kubeedge", "kubeedge-flat"} {
			rows, err := decoder(t, format, s, DecoderOptions{Types: types, Fields: []sqlengine.Field{{Name: "threshold", Kind: value.Int}}}).Decode(nil, payload, topicMeta(topic), 0)
			if err == nil && format == "kubeedge" && len(rows) > 1 {
				t.Fatalf("%d rows", len(rows))
			}
			for _, r := range rows {
				if len(r.Cols) != len(s.Columns) || r.Cols[0].Kind() != value.Object {
					t.Fatalf("%s %q: %v", format, payload, r)
				}
				if v := r.Cols[5]; !v.IsNull() && v.Kind() != value.Int && !v.IsMissing() {
					t.Fatalf("%s %q: a %s where BIGINT is declared", format, payload, v.Kind())
				}
			}
		}
	})
}

func BenchmarkKubeEdgeDecode(b *testing.B) {
	types := models{"default/boiler-1": {"temperature": "float"}}
	s := fields("temperature")
	s.Columns = append(s.Columns, value.Column{Name: "device", Role: value.Meta})
	d := decoder(b, "kubeedge", s, DecoderOptions{Types: types})
	payload := []byte(`{"event_id":"","timestamp":1795210433093,"twin":{"temperature":{"actual":{"value":"81.5","metadata":{"timestamp":1795210433093}},"metadata":{"type":"float"}}}}`)
	meta := topicMeta(boil + "/twin/update")
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	var rows []value.Row
	for b.Loop() {
		var err error
		if rows, err = d.Decode(rows[:0], payload, meta, 0); err != nil {
			b.Fatal(err)
		}
	}
}
