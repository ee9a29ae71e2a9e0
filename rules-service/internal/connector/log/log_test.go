package log

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
)

func TestConformance(t *testing.T) {
	r := connector.NewRegistry()
	Register(r)
	info, err := r.Sink("log")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	env := connector.Env{Log: slog.New(slog.NewTextHandler(&out, nil))}
	open := func(t *testing.T) connector.Sink {
		c, err := info.Decode(map[string]any{"level": "warn"}, env)
		if err != nil {
			t.Fatal(err)
		}
		s, err := c.Open()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	h := connectortest.Sink{New: open, Received: func(*testing.T) []string {
		var got []string
		for _, line := range strings.Split(out.String(), "\n") {
			_, payload, _ := strings.Cut(strings.ReplaceAll(line, `\"`, `"`), "rule r: ")
			got = append(got, strings.TrimSuffix(payload, `"`))
		}
		return got
	}}
	h.Run(t)
	if !strings.Contains(out.String(), "level=WARN") {
		t.Error(out.String())
	}
	if _, err := info.Decode(map[string]any{"level": "loud"}, env); err == nil || !strings.Contains(err.Error(), `"loud" is no level`) {
		t.Error(err)
	}
}
