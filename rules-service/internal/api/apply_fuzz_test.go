package api

import (
	"encoding/json"
	"strings"
	"testing"
)

func FuzzReadSet(f *testing.F) {
	f.Add(`{"streams":{"a":"CREATE STREAM a ()"},"tables":null,"rules":{"r":{"id":"r"},"s":"{}"},"prune":true,"dryRun":false}`)
	f.Add(`{"rules":{"r":[1,{"a":}]}}`)
	f.Add(`[{"streams":1}] {}`)
	f.Fuzz(func(t *testing.T, text string) {
		_, err := readSet(json.NewDecoder(strings.NewReader(text)))
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without words")
			}
			return
		}
		if !json.Valid([]byte(text)) {
			t.Errorf("%q was read", text)
		}
	})
}
