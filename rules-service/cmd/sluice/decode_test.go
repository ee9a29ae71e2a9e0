package main

import (
	"fmt"
	"strings"
	"testing"

	"sluice/rules-service/internal/codec"
	"sluice/sqlengine"
	"sluice/sqlengine/sqltest"
	"sluice/sqlengine/value"
)

// payloads meet every type, rightly and wrongly.
var payloads = []string{
	`{}`, `{"a":null}`, `{"a":true}`, `{"a":false}`, `{"a":"true"}`, `{"a":"false"}`, `{"a":"TRUE"}`, `{"a":""}`, `{"a":"x"}`,
	`{"a":0}`, `{"a":1}`, `{"a":2}`, `{"a":-0}`, `{"a":1.0}`, `{"a":1.5}`, `{"a":12.50}`, `{"a":1e3}`, `{"a":1e400}`, `{"a":-7}`,
	`{"a":9007199254740993}`, `{"a":9223372036854775807}`, `{"a":9223372036854775808}`, `{"a":1700000000000}`, `{"a":"1"}`,
	`{"a":"2023-11-14 22:13:20"}`, `{"a":"2023-11-14T22:13:20.5+02:00"}`, `{"a":"2023-11-14"}`, `{"a":"yesterday"}`,
	`{"a":"aGk="}`, `{"a":"aGk"}`, `{"a":"!"}`, `{"a":[]}`, `{"a":[1,2]}`, `{"a":[1,"x"]}`, `{"a":[null,1]}`, `{"a":[[1]]}`,
	`{"a":[{"x":1}]}`, `{"a":{}}`, `{"a":{"x":1,"y":2}}`, `{"a":{"x":"1"}}`, `{"a":{"x":null}}`, `{"a":{"x":{"y":[1e999]}}}`,
	`{"a":1,"a":2}`, `{"a":"x","a":2}`, `{"b":1}`, `{"A":1}`, `{"a":1,"b":"x"}`, `{"b":[],"a":"x"}`, `{"a":"中\u00e9\n"}`,
	`[]`, `[{"a":1},{"a":2}]`, `[{"a":1},3,{"a":"x"},{"b":2}]`, `[[{"a":1}]]`, `3`, `"x"`, `null`, `true`,
}

// types are declarations of a column.
var types = []string{"", "BIGINT", "FLOAT", "STRING", "BOOLEAN", "BYTEA", "DATETIME", "ARRAY(BIGINT)", "ARRAY(ARRAY(FLOAT))",
	"ARRAY(STRUCT(x BIGINT))", "STRUCT(x BIGINT)", "STRUCT(x STRUCT(y ARRAY(FLOAT)))",
	"BIGINT DEFAULT 42", "FLOAT DEFAULT 1", `STRING DEFAULT "d"`, "BOOLEAN DEFAULT true"}

// TestDecodesAsTheService: a row in a test case is the row that the service
// makes of the same payload, and it fails with the same words.
func TestDecodesAsTheService(t *testing.T) {
	compared := 0
	for _, declared := range types {
		for _, strict := range []bool{false, true} {
			for _, whole := range []bool{false, true} {
				stream := streamOf(t, declared, strict)
				columns := []value.Column{{Name: "a"}, {Name: "topic", Role: value.Meta}, {Name: "qos", Role: value.Meta}}
				if stream.Schemaless {
					columns = append(columns, value.Column{Name: "*", Role: value.Whole})
				}
				for _, p := range payloads {
					service := byService(t, stream, columns, whole, p)
					test := byTest(&sqltest.Decoder{Stream: stream, Columns: columns, WholeNumbers: whole}, p)
					if compared++; service != test {
						t.Errorf("a %s, strict %v, whole %v: %s\nservice %s\ntest    %s", declared, strict, whole, p, service, test)
					}
				}
			}
		}
	}
	if compared < 3000 {
		t.Errorf("only %d comparisons", compared)
	}
}

func streamOf(t *testing.T, declared string, strict bool) *sqlengine.Stream {
	t.Helper()
	if declared != "" {
		declared = "a " + declared
	}
	st, err := sqlengine.ParseStatement(fmt.Sprintf(`CREATE STREAM s (%s) WITH (TYPE="mqtt", STRICT_VALIDATION="%v")`, declared, strict))
	if err != nil {
		t.Fatal(err)
	}
	return st.Stream
}

func byService(t *testing.T, s *sqlengine.Stream, columns []value.Column, whole bool, payload string) string {
	t.Helper()
	d, err := codec.NewDecoder("json", &value.Schema{Columns: columns},
		codec.DecoderOptions{Fields: s.Fields, Strict: s.Options.StrictValidation, Int64ForWholeNumber: whole})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := d.Decode(nil, []byte(payload), topic{}, 0)
	var cols [][]value.Value
	for _, r := range rows {
		cols = append(cols, r.Cols)
	}
	return shown(cols, err)
}

func byTest(d *sqltest.Decoder, payload string) string {
	return shown(d.Decode(payload, `{"topic":"t/1"}`))
}

// topic is the metadata of the messages.
type topic struct{}

func (topic) Get(key string) value.Value {
	if key == "topic" {
		return value.OfString("t/1")
	}
	return value.Missing
}

func (m topic) All() value.Value {
	return value.OfObject(value.FieldsOf([]string{"topic"}, []value.Value{m.Get("topic")}))
}

// shown are rows with the kinds of their values, then the error.
func shown(rows [][]value.Value, err error) string {
	var b strings.Builder
	for _, row := range rows {
		for _, v := range row {
			if v.IsMissing() {
				b.WriteString("missing, ")
				continue
			}
			fmt.Fprintf(&b, "%s %s, ", v.Kind(), v)
		}
		b.WriteString("; ")
	}
	if err != nil {
		b.WriteString("error " + strings.TrimPrefix(err.Error(), "decode json: "))
	}
	return b.String()
}
