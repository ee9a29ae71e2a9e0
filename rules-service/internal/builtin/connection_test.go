package builtin

import (
	"encoding/json"
	"testing"

	"sluice/rules-service/internal/connector/edgex"
)

// Each example of a connection is right, and the connection has only properties
// that a source or sink of its name has.
func TestConnections(t *testing.T) {
	r := Registry(edgex.Bus{})
	for _, name := range r.Connections() {
		info, err := r.Connection(name)
		if err != nil {
			t.Fatal(err)
		}
		var props map[string]any
		if err := json.Unmarshal([]byte(info.Example), &props); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := info.Check(props); err != nil || info.Summary == "" {
			t.Errorf("%s: %v", name, err)
		}
		known := map[string]bool{}
		if s, err := r.Source(name); err == nil {
			for _, f := range s.Fields {
				known[f.Name] = true
			}
		}
		for _, f := range info.Fields {
			if !known[f.Name] {
				t.Errorf("connection %s has %s, which its source has not", name, f.Name)
			}
		}
	}
}
