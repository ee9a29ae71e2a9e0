package httppull

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/sqlengine/value"
	"sluice/tests/servers"
)

func lookupOf(p props) (connector.Lookup, error) {
	info, err := registry().Lookup("httppull")
	if err != nil {
		return nil, err
	}
	c, err := info.Decode(p, env())
	if err != nil {
		return nil, err
	}
	return c.Open()
}

func openLookup(t testing.TB, p props) connector.Lookup {
	t.Helper()
	l, err := lookupOf(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close(context.Background()) })
	return l
}

// shown are rows as JSON.
func shown(t testing.TB, rows []*value.Fields) string {
	t.Helper()
	var list []string
	for _, r := range rows {
		b, err := value.OfObject(r).AppendJSON(nil)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, string(b))
	}
	return strings.Join(list, " ")
}

// The columns that are asked for stand in the request, and cannot lead it
// elsewhere.
func TestLookupByTemplates(t *testing.T) {
	script, url := serve(t, says(`{"owner":"line 1"}`), status(404, `{"error":"unknown"}`), says(`[{"id":"x","owner":1},{"id":"a/../b?c=d&e f","owner":2}]`), says(""))
	l := openLookup(t, props{"url": url, "datasource": "/machines/{{.id}}", "headers": map[string]any{"X-State": "{{.id}}"}, "method": "POST", "body": `{{json .id}}`})
	find := func(id value.Value) string {
		t.Helper()
		rows, err := l.Find(t.Context(), []string{"id"}, []value.Value{id})
		if err != nil {
			t.Fatal(err)
		}
		return shown(t, rows)
	}
	if got := find(value.OfInt(17)); got != `{"id":17,"owner":"line 1"}` {
		t.Error(got)
	}
	if got := find(value.OfInt(18)); got != "" {
		t.Error(got)
	}
	if got := find(value.OfString("a/../b?c=d&e f")); got != `{"id":"a/../b?c=d\u0026e f","owner":2}` {
		t.Error(got)
	}
	if got := find(value.OfString(`"`)); got != "" {
		t.Error(got)
	}
	want := []string{
		`POST /machines/17 Content-Type=application/json X-State=17 17`,
		`POST /machines/18 Content-Type=application/json X-State=18 18`,
		`POST /machines/a%2F..%2Fb%3Fc%3Dd%26e%20f Content-Type=application/json X-State=a/../b?c=d&e f "a/../b?c=d\u0026e f"`,
		`POST /machines/%22 Content-Type=application/json X-State=" "\""`,
	}
	if got := script.requests(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestLookupFailures(t *testing.T) {
	for name, c := range map[string]struct {
		answer    func(http.ResponseWriter)
		props     props
		want      string
		connected bool // the server is there
	}{
		"status":    {status(500, "out of order"), props{}, "500 Internal Server Error: out of order", true},
		"not found": {status(404, ""), props{}, "404 Not Found", true},
		"no JSON":   {says("<html>"), props{}, "answer of GET ", true},
		"no rows":   {says("[1]"), props{}, "it is neither an object nor an array of objects", true},
		"no column": {says("{}"), props{"datasource": "/{{.other}}"}, `property "url"`, true},
		"oauth":     {status(403, ""), props{"oauth": map[string]any{"access": map[string]any{"url": "http://127.0.0.1:1/"}}}, "oauth access: POST http://127.0.0.1:1/", true},
	} {
		t.Run(name, func(t *testing.T) {
			_, url := serve(t, c.answer)
			p := props{"url": url}
			for k, v := range c.props {
				p[k] = v
			}
			_, err := openLookup(t, p).Find(t.Context(), []string{"id"}, []value.Value{value.OfInt(1)})
			if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, connector.ErrNotConnected) == c.connected {
				t.Error(err)
			}
		})
	}
	l, err := lookupOf(props{"url": "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Connect(t.Context()); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Error(err)
	}
}

// The suite, with a server that has the rows of the table.
func TestLookupConformance(t *testing.T) {
	var rows []json.RawMessage
	for _, r := range connectortest.LookupRows() {
		b, err := value.OfObject(r).AppendJSON(nil)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, b)
	}
	addr := fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t)) // it listens there more than once
	var server *httptest.Server
	start := func(t *testing.T) {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		server = &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_ = json.NewEncoder(w).Encode(rows)
		})}}
		server.Start()
		t.Cleanup(server.Close)
	}
	start(t)
	h := connectortest.Lookup{
		New: func(t *testing.T) connector.Lookup {
			l, err := lookupOf(props{"url": "http://" + addr, "datasource": "/rows", "key": "id"})
			if err != nil {
				t.Fatal(err)
			}
			return l
		},
		Break: func(*testing.T) { server.Close() },
		Mend:  start,
	}
	h.Run(t)
}

// No answer brings a table down.
func FuzzFind(f *testing.F) {
	f.Add(`[{"id":1},{"a":null}]`, "x")
	f.Add(`{"id":{"a":1}}`, "{{")
	f.Fuzz(func(t *testing.T, body, id string) {
		l, err := lookupOf(props{"url": "http://h", "datasource": "/{{.id}}"})
		if err != nil {
			t.Fatal(err)
		}
		l.(*lookup).http = &http.Client{Transport: inMemory(func() string { return body })}
		rows, err := l.Find(t.Context(), []string{"id"}, []value.Value{value.OfString(id)})
		for _, r := range rows {
			if err != nil || !value.Equal(r.Get("id"), value.OfString(id)) {
				t.Errorf("%s: %v", shown(t, rows), err)
			}
		}
	})
}
