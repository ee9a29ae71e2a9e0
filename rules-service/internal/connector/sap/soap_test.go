package sap

import (
	"slices"
	"strings"
	"testing"

	"sluice/rules-service/internal/connectortest"
)

func TestCallOfAFunctionModule(t *testing.T) {
	f, url := start(t)
	s := openSink(t, props(url, map[string]any{"url": url, "protocol": "soap", "function": "BAPI_ALM_NOTIF_CREATE", "commit": true}))
	for _, c := range []struct{ payload, class, text string }{
		{`{"TEXT":"too <hot>","NUMBER":7,"OK":true,"NO":false,"NONE":null,"LINES":[{"LINE":"a"},{"LINE":"b"}]}`, "", ""},
		{`<TEXT>as XML</TEXT>`, "", ""},
		{`{"TEXT":"locked"}`, "permanent", "RETURN: equipment is locked"},
		{`{"TEXT":"busy"}`, "retry", "no work process is free"},
		{`{"A B":1}`, "permanent", `"A B" cannot be the name of a parameter`},
		{`<TEXT>open`, "permanent", "the parameters: XML"},
		{`text`, "permanent", "neither XML nor a JSON object"},
		{`[1,2]`, "permanent", "set sendSingle"},
	} {
		err := s.Write(t.Context(), connectortest.Messages(c.payload))
		if class(err) != c.class || err != nil && !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", c.payload, err)
		}
	}
	want := []string{
		`none BAPI_ALM_NOTIF_CREATE <TEXT>too &lt;hot&gt;</TEXT><NUMBER>7</NUMBER><OK>X</OK><NO></NO><NONE></NONE><LINES><item><LINE>a</LINE></item><item><LINE>b</LINE></item></LINES>`,
		`s1 BAPI_TRANSACTION_COMMIT <WAIT>X</WAIT>`, // in the same session
		`s1 BAPI_ALM_NOTIF_CREATE <TEXT>as XML</TEXT>`,
		`s1 BAPI_TRANSACTION_COMMIT <WAIT>X</WAIT>`,
		`s1 BAPI_ALM_NOTIF_CREATE <TEXT>locked</TEXT>`,
		`s1 BAPI_ALM_NOTIF_CREATE <TEXT>busy</TEXT>`,
	}
	if !slices.Equal(f.calls, want) {
		t.Errorf("got %q", f.calls)
	}
	unknown := openSink(t, props(url, map[string]any{"url": url + "/sap/bc/soap/rfc", "protocol": "soap", "function": "Z_NONE"}))
	if err := unknown.Write(t.Context(), connectortest.Messages(`{}`)); class(err) != "permanent" || !strings.Contains(err.Error(), "function module Z_NONE not found") {
		t.Error(err)
	}
	elsewhere := openSink(t, props(url, map[string]any{"url": url + "/odata2/", "protocol": "soap", "function": "Z_NONE"}))
	if err := elsewhere.Write(t.Context(), connectortest.Messages(`{}`)); err == nil {
		t.Error("an answer that is no envelope passes")
	}
}

func TestIDoc(t *testing.T) {
	f, url := start(t)
	s := openSink(t, props(url, map[string]any{"url": url, "protocol": "idoc"}))
	control := `<EDI_DC40 SEGMENT="1"><TABNAM>EDI_DC40</TABNAM><DIRECT>2</DIRECT><IDOCTYP>ZMATMAS01</IDOCTYP><MESTYP>ZMATMAS</MESTYP><SNDPOR>EDGE</SNDPOR><SNDPRT>LS</SNDPRT>` +
		`<SNDPRN>EDGE1</SNDPRN><RCVPOR>SAPDEV</RCVPOR><RCVPRT>LS</RCVPRT><RCVPRN>DEVCLNT100</RCVPRN></EDI_DC40>`
	doc := func(control, segments string) string {
		return `<?xml version="1.0" encoding="utf-8"?><ZMATMAS01><IDOC BEGIN="1">` + control + segments + `</IDOC></ZMATMAS01>`
	}
	good := doc(control, `<E1MARAM SEGMENT="1"><MATNR>47 &amp; 11</MATNR></E1MARAM>`)
	for _, c := range []struct{ payload, class, text string }{
		{good, "", ""},
		{strings.Replace(good, "EDGE1", "EDGE2", 1), "permanent", "the partner is unknown"},
		{`text`, "permanent", "write one with dataTemplate, with {{xml .column}} for texts"},
		{`<A/>`, "permanent", "A has no element IDOC"},
		{`<A><IDOC/></A>`, "permanent", `<IDOC BEGIN="1">`},
		{doc("", `<E1MARAM SEGMENT="1"/>`), "permanent", "control record EDI_DC40"},
		{strings.Replace(good, "<MESTYP>ZMATMAS</MESTYP>", "", 1), "permanent", "has no MESTYP"},
		{doc(control, ""), "permanent", "no segment behind"},
		{doc(control, "<E1MARAM/>"), "permanent", `the segment E1MARAM has no attribute SEGMENT="1"`},
		{strings.Replace(good, "</MATNR>", "", 1), "permanent", "XML"},
	} {
		err := s.Write(t.Context(), connectortest.Messages(c.payload))
		if class(err) != c.class || err != nil && !strings.Contains(err.Error(), c.text) {
			t.Errorf("%.200s:\n%v", c.payload, err)
		}
	}
	if !slices.Equal(f.idocs, []string{"47 & 11"}) {
		t.Error(f.idocs)
	}
	if err := s.Write(t.Context(), connectortest.Messages(good, "text", good)); class(err) != "[1] permanent" || len(f.idocs) != 3 {
		t.Error(err, f.idocs)
	}
}

func TestWrittenValues(t *testing.T) {
	for _, c := range []struct {
		v      any
		kind   string
		v2, v4 string
		fails  bool
	}{
		{"1700000000000", "Edm.DateTime", "/Date(1700000000000)/", "2023-11-14T22:13:20Z", false},
		{"2023-11-14T23:13:20.5+01:00", "Edm.DateTimeOffset", "/Date(1700000000500+0000)/", "2023-11-14T22:13:20.5Z", false},
		{"2023-11-14", "Edm.Date", "2023-11-14", "2023-11-14", false},
		{"2023-11-14 22:13:20", "Edm.DateTime", "/Date(1700000000000)/", "2023-11-14T22:13:20Z", false},
		{"noon", "Edm.DateTime", "", "", true},
		{"81.50", "Edm.Decimal", "81.50", "81.50", false},
		{"1e3", "Edm.Decimal", "1000", "1000", false},
		{"+5", "Edm.Int32", "5", "5", false},
		{"1.5", "Edm.Int64", "", "", true},
		{"0x10", "Edm.Decimal", "", "", true},
		{"NaN", "Edm.Double", "", "", true},
		{"1e300", "Edm.Double", "1e300", "1e300", false},
		{"yes", "Edm.Boolean", "", "", true},
		{true, "Edm.Boolean", "true", "true", false},
		{"x", "Edm.String", "x", "x", false},
	} {
		for v2, want := range map[bool]string{true: c.v2, false: c.v4} {
			got, err := written(c.v, c.kind, v2)
			if c.fails != (err != nil) || !c.fails && strings.Trim(jsonOf(t, got), `"`) != want {
				t.Errorf("%v as %s, version 2 %v: %v %v, want %s", c.v, c.kind, v2, got, err, want)
			}
		}
	}
	entity := map[string]any{"Items": []any{map[string]any{"Q": "1"}, map[string]any{"Q": nil}, map[string]any{}}, "Deep": map[string]any{"Q": "x"}}
	if err := typed(entity, map[string]string{"Items.Q": "Edm.Int32", "None.Q": "Edm.Int32"}, true); err != nil || jsonOf(t, entity) != `{"Deep":{"Q":"x"},"Items":[{"Q":1},{"Q":null},{}]}` {
		t.Error(err, jsonOf(t, entity))
	}
	if err := typed(entity, map[string]string{"Deep.Q": "Edm.Int32"}, true); err == nil || err.Error() != "Deep.Q: x is no Edm.Int32" {
		t.Error(err)
	}
}
