package nop

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"sluice/rules-service/internal/connector"
)

func TestNop(t *testing.T) {
	r := connector.NewRegistry()
	Register(r)
	info, err := r.Sink("nop")
	if err != nil {
		t.Fatal(err)
	}
	for _, logs := range []bool{false, true} {
		var out bytes.Buffer
		c, err := info.Decode(map[string]any{"log": logs}, connector.Env{Log: slog.New(slog.NewTextHandler(&out, nil))})
		if err != nil {
			t.Fatal(err)
		}
		s, err := c.Open()
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Write(t.Context(), []connector.Outbound{{Payload: []byte("xyz"), Rule: "r1"}}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), "rule r1: xyz") != logs {
			t.Errorf("log %t: %q", logs, out.String())
		}
	}
}
