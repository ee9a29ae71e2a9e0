package api_test

import (
	"strings"
	"testing"
)

// counted is a rule whose window holds two rows of three.
const counted = `{"id":"r","sql":"SELECT sum(t) AS s FROM demo WHERE t > 1 GROUP BY COUNTWINDOW(3)","actions":[{"memory":{"topic":"x"}}]}`

// full is a bench with that rule.
func full(t *testing.T) *bench {
	b := withDemo(t)
	b.want("POST", "/rules", counted, 201, "Rule r was created successfully.")
	b.Send(t, `{"t":10}`, `{"t":20}`)
	return b
}

// A change of a running rule keeps what its windows hold, where it can.
func TestAChangeKeepsTheState(t *testing.T) {
	for name, change := range map[string][]string{
		"actions":   {`"topic":"x"`, `"topic":"y"`},
		"name":      {`"id":"r"`, `"id":"r","name":"sum","tags":["x"]`},
		"threshold": {"t > 1", "t > 2.5"},
		"option":    {`"actions"`, `"options":{"restartStrategy":{"delay":5}},"actions"`},
	} {
		t.Run(name, func(t *testing.T) {
			b := full(t)
			h := b.want("PUT", "/rules/r", strings.Replace(counted, change[0], change[1], 1), 200, "Rule r was updated successfully.")
			b.same(h.Values("Warnings"), []string(nil))
			b.Send(t, `{"t":30}`)
			b.Want(t, `[{"s":60}]`)
		})
	}
}

// One that cannot begins anew and says so.
func TestAChangeThatLosesTheState(t *testing.T) {
	b := full(t)
	h := b.want("PUT", "/rules/r", strings.Replace(counted, "COUNTWINDOW(3)", "COUNTWINDOW(2)", 1), 200, "Rule r was updated successfully.")
	if w := h.Get("Warnings"); !strings.Contains(w, "the rule begins anew") {
		t.Errorf("warnings %q", w)
	}
	b.Send(t, `{"t":1}`, `{"t":2}`)
	b.Send(t, `{"t":3}`)
	b.Want(t, `[{"s":2}]`)
	b.same(b.applied(set{Rules: map[string]any{"r": counted}}), []string{"update rule r the change is such that the rule begins anew: its windows are empty and its functions have forgotten earlier rows"})
}

// So do the rules of a stream that changes.
func TestAStreamsChangeKeepsTheState(t *testing.T) {
	b := full(t)
	b.want("PUT", "/streams/demo", sql(strings.Replace(demoSQL, `DATASOURCE="d"`, `DATASOURCE="e"`, 1)), 200, "Stream demo is replaced.")
	b.Send(t, `{"t":30}`)
	b.Want(t, `[{"s":60}]`)
	b.Send(t, `{"t":1}`, `{"t":2}`)
	b.same(b.applied(set{Streams: map[string]string{"demo": demoSQL}}), []string{"update stream demo"})
	b.Send(t, `{"t":5}`)
	b.Want(t, `[{"s":7}]`)
}
