package sap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/tests/servers"
)

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func openSource(t *testing.T, p map[string]any) connector.Source {
	t.Helper()
	return connectortest.OpenSource(t, registry(), "sap", p, connectortest.Quiet())
}

func connected(t *testing.T, p map[string]any) connector.Source {
	t.Helper()
	s := openSource(t, p)
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// rows reads n of them.
func rows(t *testing.T, s connector.Source, n int) (out []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for len(out) < n {
		msgs, ack, err := s.Read(ctx)
		if err != nil || ack != nil {
			t.Fatalf("after %q: %v", out, err)
		}
		for _, m := range msgs {
			out = append(out, string(m.Payload))
		}
	}
	return out
}

func (f *fake) put(key, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.orders[key] == nil {
		f.keys = append(f.keys, key)
	}
	f.orders[key], f.changed[key] = map[string]any{"Text": text}, true
}

func (f *fake) remove(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.orders, key)
	f.keys = slices.DeleteFunc(f.keys, func(k string) bool { return k == key })
	f.deleted = append(f.deleted, key)
}

// All entities come first, page by page, and then what changes.
func TestPollWithDelta(t *testing.T) {
	for protocol, row := range map[string]string{
		"odata2": `{"Items":null,"Order":"%s","Start":1700000000000,"Text":"%s"}`,
		"odata4": `{"Items":[{"Item":1}],"Order":"%s","Text":"%s"}`,
	} {
		t.Run(protocol, func(t *testing.T) {
			f, url := start(t)
			for i := range 5 {
				f.put(fmt.Sprint("k", i), fmt.Sprint(i))
			}
			s := connected(t, props(url, map[string]any{"url": url + "/" + protocol, "protocol": protocol, "datasource": "Orders", "interval": "10ms",
				"filter": "Amount gt 5 and Text eq 'a+b'", "select": "Order,Text", "orderby": "Order"}))
			var want []string
			for i := range 5 {
				want = append(want, fmt.Sprintf(row, fmt.Sprint("k", i), fmt.Sprint(i)))
			}
			if got := rows(t, s, 5); !slices.Equal(got, want) {
				t.Errorf("\n got %q\nwant %q", got, want)
			}
			f.put("k1", "changed")
			if got := rows(t, s, 1); got[0] != fmt.Sprintf(row, "k1", "changed") {
				t.Error(got)
			}
			f.remove("k2")
			if got := rows(t, s, 1); got[0] != `{"@removed":true,"Order":"k2"}` {
				t.Error(got)
			}
			f.mu.Lock()
			first, all := f.pages[0], strings.Join(f.pages, "\n")
			f.forgets = true // since when: all is read again
			f.mu.Unlock()
			for _, part := range []string{"%24filter=Amount%20gt%205%20and%20Text%20eq%20%27a%2Bb%27", "%24select=Order%2CText", "%24orderby=Order", "sap-client=100"} {
				if !strings.Contains(first, part) {
					t.Errorf("the first page was asked for with %s", first)
				}
			}
			if !strings.Contains(all, "!deltatoken=d1") {
				t.Error(all)
			}
			got := rows(t, s, 1)
			f.mu.Lock()
			f.forgets = false
			f.mu.Unlock()
			if got[0] != fmt.Sprintf(row, "k0", "0") {
				t.Error(got)
			}
		})
	}
}

// Without delta each poll has all; with skipFirst the first one has nothing.
func TestOtherPolls(t *testing.T) {
	f, url := start(t)
	f.put("a", "1")
	f.put("b", "2")
	f.put("c", "3")
	base := map[string]any{"url": url + "/odata4", "protocol": "odata4", "datasource": "Orders", "interval": "10ms"}
	all := connected(t, props(url, base, map[string]any{"delta": false}))
	if got := rows(t, all, 6); got[0] != got[3] || strings.Contains(strings.Join(f.pages, " "), "delta") {
		t.Error(got)
	}
	later := connected(t, props(url, base, map[string]any{"skipFirst": true}))
	f.mu.Lock()
	f.pages = nil
	f.mu.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	first := make(chan string, 1)
	go func() {
		msgs, _, err := later.Read(ctx)
		if err != nil || len(msgs) == 0 {
			first <- fmt.Sprint(msgs, err)
			return
		}
		first <- string(msgs[0].Payload)
	}()
	if err := servers.Poll(ctx, func(context.Context) error { return f.asked("deltatoken") }); err != nil {
		t.Fatal(err)
	}
	f.put("b", "changed")
	if got := <-first; !strings.Contains(got, "changed") {
		t.Error(got)
	}
}

// asked tells whether a page was asked for with a text.
func (f *fake) asked(text string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if all := strings.Join(f.pages, "\n"); !strings.Contains(all, text) {
		return fmt.Errorf("there is no %s in %q", text, all)
	}
	return nil
}

func TestPollOfAFunctionModule(t *testing.T) {
	f, url := start(t)
	base := props(url, map[string]any{"url": url, "protocol": "soap", "datasource": "RFC_READ_TABLE", "interval": "10ms",
		"parameters": `{"QUERY_TABLE":"AUFK","OPTIONS":[{"TEXT":"AUFNR > 1"}]}`})
	whole := connected(t, base)
	if got := rows(t, whole, 1); got[0] != `{"DATA":[{"WA":"4711 \u0026 more"},{"WA":"4712"}],"FIELDS":""}` {
		t.Error(got)
	}
	base["table"] = "DATA"
	if got := rows(t, connected(t, base), 3); got[0] != `{"WA":"4711 \u0026 more"}` || got[1] != `{"WA":"4712"}` || got[2] != got[0] {
		t.Error(got)
	}
	if !strings.HasSuffix(f.calls[0], "RFC_READ_TABLE <QUERY_TABLE>AUFK</QUERY_TABLE><OPTIONS><item><TEXT>AUFNR &gt; 1</TEXT></item></OPTIONS>") {
		t.Error(f.calls[0])
	}
	base["table"] = "NONE"
	if err := openSource(t, base).Connect(t.Context()); err == nil || !strings.Contains(err.Error(), "has no NONE; it has [DATA FIELDS]") {
		t.Error(err)
	}
}

// A source whose system goes away is connected again, and goes on from where it
// was.
func TestSourceConforms(t *testing.T) {
	f := newFake()
	web := connectortest.NewWeb(t, fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t)), f)
	h := connectortest.Source{
		New: func(t *testing.T) connector.Source {
			return openSource(t, props(web.URL(), map[string]any{"url": web.URL() + "/odata2", "protocol": "odata2", "datasource": "Orders", "interval": "5ms", "skipFirst": true}))
		},
	}
	h.RunWithoutServer(t)
	f.put("a", "1")
	s := connected(t, props(web.URL(), map[string]any{"datasource": "Orders", "interval": "5ms"}))
	rows(t, s, 1)
	web.Stop(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, _, err := s.Read(ctx); !errors.Is(err, connector.ErrNotConnected) {
		t.Error(err)
	}
	if err := s.Connect(ctx); err == nil {
		t.Error("it is connected without a system")
	}
	f.put("b", "2")
	web.Start(t)
	if err := s.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, s, 1); !strings.Contains(got[0], `"b"`) {
		t.Error(got)
	}
}

// The status of a stream tells why nothing comes.
func TestSourceErrors(t *testing.T) {
	_, url := start(t)
	expired, trust := servers.Expired(t)
	for _, c := range []struct {
		more map[string]any
		want string
	}{
		{map[string]any{"password": "NOT-THE-PASSWORD"}, "check user, password and client"},
		{map[string]any{"datasource": "None"}, "no set /None"},
		{map[string]any{"filter": "wrong"}, "invalid filter"},
		{map[string]any{"url": url + "/sap/bc/soap/rfc"}, "404"},
		{map[string]any{"url": fmt.Sprintf("http://127.0.0.1:%d", servers.FreePort(t))}, "refused"},
		{map[string]any{"url": "https://" + expired, "rootCaPath": trust}, "expired"},
	} {
		err := openSource(t, props(url, map[string]any{"datasource": "Orders"}, c.more)).Connect(t.Context())
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "NOT-THE-PASSWORD") {
			t.Errorf("%v: %v", c.more, err)
		}
	}
}

// Credentials do not follow a link to another server, and a page that names
// itself is no endless loop.
func TestLinks(t *testing.T) {
	s := &source{config: SourceConfig{Connection: Connection{URL: "https://sap/odata", Client: "100"}}}
	for link, want := range map[string]string{
		"":                                 "",
		"Orders?$skiptoken=2":              "https://sap/odata/Orders?$skiptoken=2&sap-client=100",
		"https://sap/odata/Orders?x=1":     "https://sap/odata/Orders?x=1&sap-client=100",
		"/odata/Orders":                    "https://sap/odata/Orders?sap-client=100",
		"Orders?sap-client=200":            "https://sap/odata/Orders?sap-client=200",
		"https://evil/Orders?$skiptoken=2": "another server",
		"http://sap/Orders":                "another server",
		"//evil/x":                         "another server",
		":":                                "no address",
	} {
		got, err := s.link(link)
		if err != nil {
			got = err.Error()
		}
		if got != want && (err == nil || !strings.Contains(got, want)) {
			t.Errorf("%q is %q, not %q", link, got, want)
		}
	}
}

func TestPages(t *testing.T) {
	for body, want := range map[string]string{
		`{"d":[{"a":1}]}`: `[{"a":1}]`,
		`{"d":{"results":[{"a":"/Date(-5+0060)/","l":["/Date(1)/"],"n":{"results":[{"b":1}]},"o":{"c":1}}]}}`: `[{"a":-5,"l":[1],"n":[{"b":1}],"o":{"c":1}}]`,
		`{"value":[{"a@odata.type":"x","a":1,"@removed":{}}]}`:                                                `[{"@removed":true,"a":1}]`,
		`{"value":[1]}`: "an entity of the answer is no object",
		`{"x":1}`:       "neither d.results nor value",
		`<html>`:        "is this the address of an OData service?",
		`{"value":[]}`:  `null`,
	} {
		p, err := readPage([]byte(body))
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = jsonOf(t, p.rows)
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s is %s, not %s", body, got, want)
		}
	}
}
