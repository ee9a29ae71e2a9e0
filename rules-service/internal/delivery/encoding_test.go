package delivery

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

const alarmProto = `syntax = "proto3"; message Alarm { int64 a = 1; string b = 2; }`

// envOfFormats has a schema registry and a key.
func envOfFormats() connector.Env {
	return connector.Env{Log: slog.New(slog.DiscardHandler),
		AESKey: func() ([]byte, error) { return []byte("0123456789abcdef"), nil },
		Schemas: codec.NewMessages(func(name string) (string, error) {
			if name == "plant" {
				return alarmProto, nil
			}
			return "", fs.ErrNotExist
		})}
}

func formatsPool(f *fake, rows bool) *Pool {
	spec := specOf(fakeSink{f})
	spec.Rows = rows
	r := connector.NewRegistry()
	connector.AddSink(r, spec)
	return NewPool(r, envOfFormats())
}

// sentBy is what an action sends of batches.
func sentBy(t *testing.T, p *Pool, f *fake, props map[string]any, form Form, in ...*value.Batch) (sent []string, st SinkStats) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		target := open(t, p, props, form)
		for _, b := range in {
			if err := target.Push(b); err != nil {
				t.Fatal(err)
			}
		}
		if err := target.Finish(t.Context()); err != nil {
			t.Fatal(err)
		}
		sent, st = f.sent(), target.Stats()
	})
	return sent, st
}

func TestFormats(t *testing.T) {
	type props = map[string]any
	for _, c := range []struct {
		name   string
		props  props
		window bool
		in     *value.Batch
		want   string
	}{
		{"json", props{"format": ""}, true, rows(nil, 1), `[{"a":1,"b":"x"}]`},
		{"delimited", props{"format": "delimited"}, true, rows(nil, 1, 2), "1,x\n2,x"},
		{"delimited, single", props{"format": "DELIMITED", "sendSingle": true, "delimiter": ";"}, true, rows(nil, 1, 2), "1;x | 2;x"},
		{"fields in their order", props{"format": "delimited", "fields": []any{"b", "z", "a"}}, true, rows(nil, 1), "x,,1"},
		{"excludeFields", props{"format": "delimited", "excludeFields": []any{"b"}}, true, rows(nil, 1), "1"},
		{"header", props{"format": "delimited", "hasHeader": true}, true, rows(nil, 1, 2), "a,b\n1,x\n2,x"},
		{"header of a single row is a line too", props{"format": "delimited", "hasHeader": true, "sendSingle": true}, false, rows(nil, 1), "a,b\n1,x"},
		{"template is the payload, with its own header", props{"format": "delimited", "hasHeader": true, "dataTemplate": "{{range .}}{{.a}};{{end}}"}, true, rows(nil, 1, 2), "1;2;"},
		{"template and fields", props{"format": "delimited", "hasHeader": true, "sendSingle": true, "dataTemplate": `{"v":{{.a}},"w":"{{.b}}"}`, "fields": []any{"w", "v"}}, true, rows(nil, 1), "w,v\nx,1"},
		{"urlencoded", props{"format": "urlencoded", "sendSingle": true}, false, rows(nil, 1, 2), "a=1&b=x | a=2&b=x"},
		{"an array of one is one", props{"format": "urlencoded"}, false, rows(nil, 1, 2), "a=1&b=x | a=2&b=x"},
		{"protobuf", props{"format": "protobuf", "schemaId": "plant.Alarm", "sendSingle": true}, false, rows(nil, 1, 2), "\x08\x01\x12\x01x | \x08\x02\x12\x01x"},
		{"template of protobuf gives JSON", props{"format": "protobuf", "schemaId": "plant.Alarm", "sendSingle": true, "dataTemplate": `{"a": 7}`}, false, rows(nil, 1), "\x08\x07"},
		{"cbor", props{"format": "cbor"}, true, rows(nil, 1, 2), "\x82\xa2\x61a\x01\x61b\x61x\xa2\x61a\x02\x61b\x61x"},
		{"cbor, single", props{"format": "cbor", "sendSingle": true}, true, rows(nil, 1), "\xa2\x61a\x01\x61b\x61x"},
		{"binary", props{"format": "binary", "sendSingle": true, "dataTemplate": `{"self":"{{.b}}{{.a}}"}`}, false, rows(nil, 1), "x1"},
		{"no row, and no payload for that", props{"format": "protobuf", "schemaId": "plant.Alarm"}, true, rows(nil), ""},
		{"no row, omitted", props{"format": "cbor", "omitIfEmpty": true}, true, rows(nil), ""},
		{"batch of lines", props{"format": "delimited", "hasHeader": true, "sendSingle": true, "batchSize": 2}, false, rows(nil, 1, 2, 3), "a,b\n1,x\n2,x | a,b\n3,x"},
		{"batch of cbor", props{"format": "cbor", "sendSingle": true, "batchSize": 2, "fields": []any{"a"}}, false, rows(nil, 1, 2), "\x82\xa1\x61a\x01\xa1\x61a\x02"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fake{}
			sent, st := sentBy(t, formatsPool(f, false), f, c.props, Form{Windowed: c.window}, c.in)
			if got := strings.Join(sent, " | "); got != c.want || st.Exceptions != 0 {
				t.Errorf("%s\n got %q\nwant %q", st.LastException, got, c.want)
			}
		})
	}
}

// A payload of several rows where there is room for one is counted, with what to
// do.
func TestFormatOfOneRow(t *testing.T) {
	f := &fake{}
	sent, st := sentBy(t, formatsPool(f, false), f, map[string]any{"format": "urlencoded"}, Form{Windowed: true}, rows(nil, 1, 2))
	if len(sent) != 0 || st.Exceptions != 1 || !strings.Contains(st.LastException, "set sendSingle") {
		t.Error(sent, st.LastException)
	}
}

// Columns that are NULL or missing are written when the action asks for it.
func TestSendNil(t *testing.T) {
	b := &value.Batch{Schema: ab, Rows: []value.Row{{Cols: []value.Value{value.Missing, {}}}}}
	for want, props := range map[string]map[string]any{
		`{"b":null}`:          {"sendSingle": true},
		`{"a":null,"b":null}`: {"sendSingle": true, "sendNil": true},
		`{"a":null}`:          {"sendSingle": true, "sendNil": true, "excludeFields": "b"},
		`a=&b=`:               {"sendSingle": true, "sendNil": true, "format": "urlencoded"},
	} {
		f := &fake{}
		if sent, _ := sentBy(t, formatsPool(f, false), f, props, Form{}, b); len(sent) != 1 || sent[0] != want {
			t.Errorf("%v: %q, want %q", props, sent, want)
		}
	}
}

// unpacked reads payloads of JSON as a receiver with the same settings does.
func unpacked(t *testing.T, p codec.Packing, payload string) string {
	t.Helper()
	p.AES.Key = []byte("0123456789abcdef")
	s := &value.Schema{Columns: []value.Column{{Name: "self"}}}
	d, err := codec.NewDecoder("binary", s, codec.DecoderOptions{Form: &codec.Form{Packing: p}})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := d.Decode(nil, []byte(payload), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return string(rows[0].Cols[0].Bytes())
}

func TestPacking(t *testing.T) {
	for _, p := range []codec.Packing{{Compression: "gzip"}, {Compression: "zlib", Level: 1}, {Compression: "flate"}, {Compression: "zstd", Level: 19},
		{Encryption: "aes"}, {Encryption: "aes", AES: codec.AES{Mode: "gcm"}}, {Compression: "gzip", Encryption: "aes", AES: codec.AES{Mode: "gcm", AAD: "AAEC", TagSize: 32}}} {
		props := map[string]any{"compression": p.Compression, "compressionProps": map[string]any{"level": p.Level}, "encryption": p.Encryption,
			"encProps": map[string]any{"mode": p.AES.Mode, "aad": p.AES.AAD, "tagsize": p.AES.TagSize}, "fields": "a"}
		for _, c := range []struct {
			more map[string]any
			want string
		}{
			{map[string]any{"sendSingle": true}, `{"a":1} | {"a":2} | {"a":3}`},
			{map[string]any{"sendSingle": true, "batchSize": 2}, `[{"a":1},{"a":2}] | [{"a":3}]`},
			{map[string]any{"sendSingle": true, "batchSize": 2, "format": "delimited"}, "1\n2 | 3"},
		} {
			all := map[string]any{}
			for _, m := range []map[string]any{props, c.more} {
				for k, v := range m {
					all[k] = v
				}
			}
			f := &fake{}
			sent, st := sentBy(t, formatsPool(f, false), f, all, Form{}, rows(nil, 1, 2), rows(nil, 3))
			for i := range sent {
				sent[i] = unpacked(t, p, sent[i])
			}
			if got := strings.Join(sent, " | "); got != c.want || st.Exceptions != 0 {
				t.Errorf("%+v %v: %s\n got %s\nwant %s", p, c.more, st.LastException, got, c.want)
			}
		}
	}
}

// The text of an error is packed as results are, but is in no format.
func TestErrorsArePacked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		target := open(t, formatsPool(f, false), map[string]any{"compression": "gzip", "format": "cbor", "sendError": true}, Form{})
		if !target.WantsErrors() {
			t.Error("sendError has no effect")
		}
		target.PushError(errors.New("division by zero"))
		if err := target.Finish(t.Context()); err != nil {
			t.Fatal(err)
		}
		if sent := f.sent(); len(sent) != 1 || unpacked(t, codec.Packing{Compression: "gzip"}, sent[0]) != "division by zero" {
			t.Errorf("%q", sent)
		}
	})
}

// A sink that takes rows reads what its template gives in the format.
func TestRowsOfATemplateInAFormat(t *testing.T) {
	f := &fake{}
	_, st := sentBy(t, formatsPool(f, true), f, map[string]any{"format": "delimited", "fields": []any{"x", "y"}, "dataTemplate": "{{range .}}{{.b}},{{.a}}\n{{end}}"},
		Form{Windowed: true}, rows(nil, 1, 2))
	if got := f.sentRows(t); got != `{"x":"x","y":"1"}{"x":"x","y":"2"}` {
		t.Error(got, st.LastException)
	}
}

func TestFormatsRefused(t *testing.T) {
	type props = map[string]any
	for _, c := range []struct {
		rows  bool
		props props
		want  string
	}{
		{false, props{"format": "protobuff"}, `unknown format "protobuff"; did you mean "protobuf"?`},
		{false, props{"format": "xml"}, `unknown format "xml"; there are binary, cbor, delimited, json, protobuf, urlencoded`},
		{false, props{"format": "custom"}, `format "custom" is a plugin`},
		{false, props{"format": "protobuf"}, `format protobuf wants a schemaId`},
		{false, props{"format": "protobuf", "schemaId": "plant.Alarn"}, `schema plant has no message "Alarn"; did you mean "Alarm"?`},
		{false, props{"format": "protobuf", "schemaId": "none.Alarm"}, `schema "none" is not in the registry`},
		{false, props{"format": "protobuf", "schemaId": "plant.Alarm", "batchSize": 2}, "payloads of format protobuf cannot be joined; leave batchSize and lingerInterval out"},
		{false, props{"format": "delimited", "delimiter": "\n"}, "a delimiter must hold no quote and no line feed"},
		{false, props{"compression": "lz4"}, `unknown compression "lz4"; there are flate, gzip, zlib, zstd`},
		{false, props{"compression": "gzip", "compressionProps": props{"level": 12}}, "gzip has no compression level 12; there are 1 to 9"},
		{false, props{"compressionProps": props{"levle": 1}}, `property "compressionProps": unknown property "levle"; did you mean "level"?`},
		{false, props{"encryption": "des"}, `unknown encryption "des"; there is aes`},
		{false, props{"encryption": "aes", "encProps": props{"mode": "ecb"}}, `encProps.mode: there are cfb and gcm, not "ecb"`},
		{false, props{"encryption": "aes", "encProps": props{"iv": "AAAA"}}, "encProps.iv: 16 bytes are wanted, not 3"},
		{false, props{"encryption": "aes", "encProps": props{"aad": "AAAA"}}, `encProps: aad and tagsize belong to mode "gcm"`},
		{true, props{"compression": "gzip"}, "the sink takes rows, which are neither compressed nor encrypted"},
		{true, props{"format": "cbor"}, `the sink takes rows, so format "cbor" has no effect without dataTemplate`},
	} {
		err := formatsPool(&fake{}, c.rows).Check("fake", c.props)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v\n got %v\nwant %s", c.props, err, c.want)
		}
	}
	if err := poolOf(fakeSink{&fake{}}).Check("fake", props{"encryption": "aes"}); err == nil || !strings.Contains(err.Error(), "Rules.AESKey") {
		t.Error(err)
	}
}

// A schema that changes is followed by actions that run.
func TestSchemaChangesUnderAnAction(t *testing.T) {
	text := alarmProto
	messages := codec.NewMessages(func(name string) (string, error) {
		if name != "plant" {
			return "", fs.ErrNotExist
		}
		return text, nil
	})
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		r := connector.NewRegistry()
		connector.AddSink(r, specOf(fakeSink{f}))
		p := NewPool(r, connector.Env{Log: slog.New(slog.DiscardHandler), Schemas: messages})
		target := open(t, p, map[string]any{"format": "protobuf", "schemaId": "plant.Alarm", "sendSingle": true}, Form{})
		_ = target.Push(rows(nil, 1))
		text = strings.Replace(alarmProto, "b = 2", "b = 3", 1)
		messages.Changed()
		_ = target.Push(rows(nil, 1))
		_ = target.Finish(t.Context())
		if got := fmt.Sprintf("%q", f.sent()); got != `["\b\x01\x12\x01x" "\b\x01\x1a\x01x"]` {
			t.Error(got)
		}
	})
}
