package sap

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
)

func FuzzPage(f *testing.F) {
	f.Add([]byte(`{"d":{"results":[{"a":"/Date(1+0060)/"}],"__next":"x"}}`))
	f.Add([]byte(`{"value":[{"@removed":{},"@odata.context":"a/$deletedEntity","@":1}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if p, err := readPage(body); err == nil {
			if _, err := inbound(p.rows); err != nil {
				t.Error(err)
			}
		}
		_ = textOfError(body)
	})
}

func FuzzXML(f *testing.F) {
	f.Add([]byte(`<a b="c"><item>1</item><item/></a>`))
	f.Add([]byte(`<IDOC BEGIN="1"><EDI_DC40/></IDOC>`))
	f.Fuzz(func(t *testing.T, text []byte) {
		_ = checkIDoc(text)
		root, err := parseXML(text)
		if err != nil {
			return
		}
		if _, err := json.Marshal(root.value()); err != nil {
			t.Error(err)
		}
	})
}

func FuzzParameters(f *testing.F) {
	f.Add([]byte(`{"A":[{"B":"<x>"}],"C":true,"D":1.5e300,"E":null}`))
	f.Add([]byte(`<A>1</A>`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		params, err := parameters(payload)
		if err != nil {
			return
		}
		if err := xml.Unmarshal([]byte("<p>"+params+"</p>"), new(struct{})); err != nil {
			t.Errorf("%q is %q: %v", payload, params, err)
		}
	})
}

func FuzzBatchAnswer(f *testing.F) {
	f.Add("multipart/mixed; boundary=b", []byte("--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 201 Created\r\n\r\n{}\r\n--b--"))
	f.Fuzz(func(_ *testing.T, contentType string, body []byte) { _, _ = partsOf(contentType, body) })
}

func FuzzWritten(f *testing.F) {
	f.Add("81.50", 0, true)
	f.Add("2023-11-14T22:13:20Z", 3, false)
	f.Fuzz(func(t *testing.T, text string, kind int, v2 bool) {
		v, err := written(text, kinds[((kind%len(kinds))+len(kinds))%len(kinds)], v2)
		if err != nil {
			return
		}
		if _, err := json.Marshal(v); err != nil && strings.ToValidUTF8(text, "") == text {
			t.Errorf("%q is %v: %v", text, v, err)
		}
	})
}
