package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A browse is waited for, and the service need not keep it: not when it is done,
// nor when it failed, nor when nobody waits for it any more.
func TestBrowsesAreForgotten(t *testing.T) {
	const one = `{"totalCount": 2, "nodes": [{"name": "A", "type": "Bool", "readWrite": "R", "dataType": "Boolean", "nodeId": "i=1"}]}`
	const two = `{"totalCount": 2, "nodes": [{"name": "B", "kind": "method", "type": "Bool", "readWrite": "W", "nodeId": "i=2", "outputs": [{"name": "x", "dataType": "Int32"}]}]}`
	for name, c := range map[string]struct {
		states    []string
		interrupt bool
		out, err  string
	}{
		"done":        {[]string{"running", "done"}, false, "A Bool R Boolean i=1 B Bool W method() -> x Int32 i=2", ""},
		"failed":      {[]string{"running", "failed"}, false, "", "browse of opc.tcp://plc: no answer"},
		"cancelled":   {[]string{"cancelled"}, false, "", "browse of opc.tcp://plc: no answer"},
		"interrupted": {[]string{"running", "running"}, true, "", context.Canceled.Error()},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		states, forgotten := c.states, 0
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == http.MethodDelete:
				forgotten++
			case r.URL.Query().Get("offset") == "0":
				_, _ = fmt.Fprint(w, one)
			case r.URL.Query().Has("offset"):
				_, _ = fmt.Fprint(w, two)
			default:
				_, _ = fmt.Fprintf(w, `{"id": "x", "endpoint": "opc.tcp://plc", "error": "no answer", "state": %q}`, states[0])
				if states = states[1:]; c.interrupt && r.Method == http.MethodGet {
					cancel()
				}
			}
		}))
		var out, errs bytes.Buffer
		err := (&opcuaBrowseCmd{Where: "opc.tcp://plc"}).Run(&session{ctx: ctx, out: &out, errs: &errs, form: "table"}, newDeviceService(s.URL, ""))
		s.Close()
		cancel()
		_, shown, _ := strings.Cut(out.String(), "NODE\n")
		if strings.Join(strings.Fields(shown), " ") != c.out || err == nil && c.err != "" || err != nil && (c.err == "" || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: %q, %v", name, shown, err)
		}
		if c.interrupt != errors.Is(err, context.Canceled) || forgotten != 1 {
			t.Errorf("%s: %v, forgotten %d times", name, err, forgotten)
		}
	}
}
