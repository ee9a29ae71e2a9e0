package sap

import (
	"testing"

	"sluice/rules-service/internal/connector"
)

// What a message costs before it is sent.
func BenchmarkMessages(b *testing.B) {
	s := &sink{config: SinkConfig{Protocol: odata2, Method: "POST", Set: "Orders", Types: map[string]string{"Start": "Edm.DateTime", "Amount": "Edm.Decimal"}}}
	m := &connector.Outbound{Payload: []byte(`{"Text":"boiler-1 is too hot","Start":1700000000000,"Amount":81.5,"Equipment":"boiler-1"}`)}
	b.Run("entity", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.operation(m); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("parameters", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := parameters(m.Payload); err != nil {
				b.Fatal(err)
			}
		}
	})
	page := []byte(`{"d":{"results":[{"__metadata":{"uri":"x"},"Order":"1","Start":"/Date(1700000000000)/","Text":"a"},{"Order":"2","Text":"b"}]}}`)
	b.Run("page", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := readPage(page); err != nil {
				b.Fatal(err)
			}
		}
	})
}
