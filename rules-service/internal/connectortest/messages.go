package connectortest

import (
	"testing"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// Messages has a message for each payload.
func Messages(payloads ...string) []connector.Outbound {
	out := make([]connector.Outbound, len(payloads))
	for i, p := range payloads {
		out[i].Payload = []byte(p)
	}
	return out
}

// Rows is a message of rows, written as JSON, for a sink that takes rows.
func Rows(t testing.TB, values map[string]string, texts ...string) connector.Outbound {
	t.Helper()
	list := make([]*value.Fields, len(texts))
	for i, text := range texts {
		v, err := codec.ParseJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		list[i] = v.Object()
	}
	return connector.Outbound{Payload: codec.AppendRows(nil, list), Values: values, Rule: "r"}
}
