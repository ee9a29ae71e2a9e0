package sap

import (
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/tests/servers"
)

func registry() *connector.Registry { return connectortest.Registry(Register) }

func openSink(t *testing.T, props map[string]any) connector.Sink {
	t.Helper()
	return connectortest.OpenSink(t, registry(), "sap", props, connectortest.Quiet())
}

// class is that of an error, and which messages it is about.
func class(err error) string {
	var partial *connector.Partial
	if errors.As(err, &partial) {
		return fmt.Sprint(partial.Failed, " ", connectortest.Class(err))
	}
	return connectortest.Class(err)
}

func props(url string, sets ...map[string]any) map[string]any {
	out := map[string]any{"url": url + "/odata2", "client": "100", "user": user, "password": password, "timeout": "20s"}
	for _, s := range sets {
		maps.Copy(out, s)
	}
	return out
}

// start runs a fake until the end of the test.
func start(t *testing.T) (f *fake, url string) {
	t.Helper()
	f = newFake()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return f, server.URL
}

// Both versions of OData, one by one and in batches, conform.
func TestSinksConform(t *testing.T) {
	for name, more := range map[string]map[string]any{
		"odata2":       {},
		"odata2 batch": {"batch": true},
		"odata4":       {"protocol": "odata4"},
		"odata4 batch": {"protocol": "odata4", "batch": true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			web := connectortest.NewWeb(t, fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t)), f)
			path := "/" + strings.Fields(name)[0]
			h := connectortest.Sink{
				New: func(t *testing.T) connector.Sink {
					return openSink(t, props(web.URL(), more, map[string]any{"url": web.URL() + path, "entitySet": "Orders"}))
				},
				Message: func(p string) connector.Outbound {
					return connector.Outbound{Payload: fmt.Appendf(nil, `{"Text":%q}`, p)}
				},
				Bad:      &connector.Outbound{Payload: []byte(`{"Colour":"red"}`)},
				Received: func(*testing.T) []string { return f.texts() },
				Break:    web.Stop,
				Mend:     web.Start,
			}
			h.Run(t)
			if f.fetches > 10 {
				t.Errorf("%d tokens were fetched", f.fetches)
			}
		})
	}
}

// Values are written as their types and the version of OData want them.
func TestTypes(t *testing.T) {
	types := map[string]any{"Amount": "Edm.Decimal", "Count": "Edm.Int64", "Start": "Edm.DateTime", "Text": "Edm.String"}
	for protocol, want := range map[string]string{
		"odata2": `{"Amount":"81.50","Count":"9007199254740993","Order":"1","Start":"/Date(1700000000000)/","Text":"4711"}`,
		"odata4": `{"Amount":81.5,"Count":9007199254740993,"Order":"1","Start":"2023-11-14T22:13:20Z","Text":"4711"}`,
	} {
		f, url := start(t)
		s := openSink(t, props(url, map[string]any{"url": url + "/" + protocol, "protocol": protocol, "entitySet": "Orders", "types": types}))
		err := s.Write(t.Context(), connectortest.Messages(`{"Amount":81.50,"Count":9007199254740993,"Start":1700000000000,"Text":4711}`))
		got := f.order("1")
		got = strings.Replace(got, "9007199254740992", "9007199254740993", 1) // the test's own JSON counts in floats
		if err != nil || got != want {
			t.Errorf("%s:\n got %s %v\nwant %s", protocol, got, err, want)
		}
	}
}

// An entity is created, changed in each way and deleted.
func TestChanges(t *testing.T) {
	f, url := start(t)
	write := func(payload, key string, more map[string]any) error {
		p := props(url, map[string]any{"entitySet": "{{.set}}"}, more)
		if key != "" {
			p["entityKey"] = "'{{.key}}'"
		}
		return openSink(t, p).Write(t.Context(), []connector.Outbound{{Payload: []byte(payload), Values: map[string]string{"entitySet": "Orders", "entityKey": key}}})
	}
	if err := write(`[{"Text":"new"}]`, "", nil); err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"PATCH", "MERGE", "put"} {
		if err := write(`{"Text":"`+method+`"}`, "'1'", map[string]any{"method": method}); err != nil || !strings.Contains(f.order("1"), method) {
			t.Errorf("%s: %v %s", method, err, f.order("1"))
		}
	}
	if err := write(`{"Text":"x"}`, "'1'", map[string]any{"method": "PATCH", "ifMatch": "W/old"}); class(err) != "permanent" || !strings.Contains(err.Error(), "412") {
		t.Error(err)
	}
	if err := write(`{"Text":"x"}`, "'7'", map[string]any{"method": "PATCH"}); class(err) != "permanent" || !strings.Contains(err.Error(), "order 7 does not exist") {
		t.Error(err)
	}
	if err := write(``, "'1'", map[string]any{"method": "DELETE"}); err != nil || len(f.orders) != 0 {
		t.Error(err)
	}
	if err := write(`{}`, " ", map[string]any{"method": "PATCH"}); class(err) != "permanent" {
		t.Error(err)
	}
}

func TestPaths(t *testing.T) {
	for _, c := range []struct{ set, key, want string }{
		{"Orders", "", "Orders"},
		{"/Orders/", "'1'", "Orders(%271%27)"},
		{"Orders", "A='x y/z?#',B=2", "Orders(A=%27x%20y%2Fz%3F%23%27,B=2)"},
		{"to_Items", "'ä'", "to_Items(%27%C3%A4%27)"},
	} {
		if got := pathOf(c.set, c.key); got != c.want {
			t.Errorf("%s %s is %s, not %s", c.set, c.key, got, c.want)
		}
	}
}

// A token is fetched once, again when the session has ended, and not a third
// time for one message.
func TestTokenAgainstForgedRequests(t *testing.T) {
	f, url := start(t)
	s := openSink(t, props(url, map[string]any{"entitySet": "Orders"}))
	for i := range 4 {
		if i == 2 {
			f.mu.Lock()
			f.token = "" // the session has ended
			f.mu.Unlock()
		}
		if err := s.Write(t.Context(), connectortest.Messages(`{"Text":"x"}`)); err != nil {
			t.Fatal(err)
		}
	}
	if f.fetches != 2 || len(f.texts()) != 4 {
		t.Errorf("%d tokens for %d orders", f.fetches, len(f.texts()))
	}
	f, url = start(t)
	f.noToken = true
	if err := openSink(t, props(url, map[string]any{"entitySet": "Orders"})).Write(t.Context(), connectortest.Messages(`{"Text":"x"}`)); err != nil {
		t.Error("a service without tokens:", err)
	}
}

// Messages that wait go as one request; each has its own fate.
func TestBatch(t *testing.T) {
	f, url := start(t)
	s := openSink(t, props(url, map[string]any{"entitySet": "Orders", "batch": true}))
	for _, c := range []struct {
		payloads []string
		want     string
	}{
		{[]string{`{"Text":"1"}`, `{"Text":"2"}`, `{"Text":"3"}`}, ""},
		{[]string{`{"Text":"4"}`, `{"Colour":"red"}`, `no entity`, `{"Text":"5"}`}, "[1 2] permanent"},
		{[]string{`{"Text":"6"}`, `{"Text":"busy"}`, `{"Colour":"red"}`}, "[1 2] retry"},
		{[]string{`no`, `nor this`}, "permanent"},
	} {
		if err := s.Write(t.Context(), connectortest.Messages(c.payloads...)); class(err) != c.want {
			t.Errorf("%q: %v", c.payloads, err)
		}
	}
	if got := f.texts(); !slices.Equal(got, []string{"1", "2", "3", "4", "5", "6"}) || f.fetches != 1 {
		t.Error(got, f.fetches)
	}
	deleting := openSink(t, props(url, map[string]any{"entitySet": "Orders", "entityKey": "{{.k}}", "method": "DELETE", "batch": true}))
	key := func(k string) connector.Outbound {
		return connector.Outbound{Values: map[string]string{"entityKey": k}}
	}
	if err := deleting.Write(t.Context(), []connector.Outbound{key("'1'"), key("'9'"), key("'2'")}); class(err) != "[1] permanent" || !strings.Contains(err.Error(), "order 9 does not exist") {
		t.Error(err)
	}
	if got := f.texts(); !slices.Equal(got, []string{"3", "4", "5", "6"}) {
		t.Error(got)
	}
}

func TestAnswers(t *testing.T) {
	f, url := start(t)
	s := openSink(t, props(url, map[string]any{"entitySet": "Orders"}))
	for payload, want := range map[string]string{
		`{"Text":"busy"}`:   "retry: the order is locked by MILLER",
		`{"Colour":"red"}`:  "permanent: property Colour is invalid",
		`{"Amount":81.5}`:   "permanent: property Amount has an invalid value",
		`text`:              "permanent: the payload is no JSON object",
		`[{"a":1},{"a":2}]`: "permanent: the payload is no JSON object",
	} {
		err := s.Write(t.Context(), connectortest.Messages(payload))
		kind, text, _ := strings.Cut(want, ": ")
		if class(err) != kind || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v, want %s", payload, err, want)
		}
	}
	f.mu.Lock()
	f.down = true
	f.mu.Unlock()
	if err := s.Write(t.Context(), connectortest.Messages(`{"Text":"x"}`)); class(err) != "after 7s" || !strings.Contains(err.Error(), "being started") {
		t.Error(err)
	}
}

// Wrong credentials, places and certificates hold messages back and tell why,
// without the password.
func TestWrongCredentialsAndServers(t *testing.T) {
	_, url := start(t)
	expired, trust := servers.Expired(t)
	for _, c := range []struct {
		more map[string]any
		want string
	}{
		{map[string]any{"password": "NOT-THE-PASSWORD"}, "check url, user and client"},
		{map[string]any{"user": "", "password": "", "bearer": "NOT-THE-TOKEN"}, "401"},
		{map[string]any{"url": url + "/odata9"}, "check url"},
		{map[string]any{"client": "200"}, "check url, user and client"},
		{map[string]any{"url": fmt.Sprintf("http://127.0.0.1:%d", servers.FreePort(t))}, "refused"},
		{map[string]any{"url": "https://" + expired, "rootCaPath": trust}, "expired"},
	} {
		for _, protocol := range []map[string]any{{"entitySet": "Orders"}, {"protocol": "soap", "function": "F"}} {
			p := props(url, c.more, protocol)
			if protocol["protocol"] == "soap" && strings.HasSuffix(fmt.Sprint(p["url"]), "/odata2") {
				p["url"] = url
			}
			err := openSink(t, p).Write(t.Context(), connectortest.Messages(`{"Text":"x"}`))
			if err == nil || protocol["protocol"] == nil && (class(err) != "retry" || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v: %v", c.more, err)
			}
			for _, secret := range []string{"NOT-THE-PASSWORD", "NOT-THE-TOKEN", password} {
				if err != nil && strings.Contains(err.Error(), secret) {
					t.Errorf("a secret shows: %v", err)
				}
			}
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		source bool
		more   map[string]any
		want   string
	}{
		{false, map[string]any{"url": ""}, `property "url" is missing`},
		{false, map[string]any{"url": "sap.example.com"}, `property "url": "sap.example.com" is no address`},
		{false, map[string]any{"client": "1"}, `property "client" has three digits`},
		{false, map[string]any{"bearer": "TOPSECRET"}, `give user and password, or bearer`},
		{false, map[string]any{"user": ""}, `property "user" is missing`},
		{false, map[string]any{"timeout": "0s"}, `property "timeout" must be positive`},
		{false, map[string]any{"protocol": "bapi"}, `property "protocol": there are odata2, odata4, idoc and soap, not "bapi"`},
		{false, map[string]any{"entitySet": ""}, `property "entitySet" is missing`},
		{false, map[string]any{"method": "GET"}, `property "method": there are POST`},
		{false, map[string]any{"method": "PATCH"}, `property "entityKey" is missing: PATCH`},
		{false, map[string]any{"entityKey": "1"}, `POST creates an entity`},
		{false, map[string]any{"protocol": "odata4", "method": "MERGE", "entityKey": "1"}, `OData 4 has no MERGE`},
		{false, map[string]any{"types": map[string]any{"a": "Edm.Guid"}}, `property "types.a": "Edm.Guid" is unknown`},
		{false, map[string]any{"types": "text"}, `property "types": an object is wanted`},
		{false, map[string]any{"protocol": "idoc"}, `are for odata2 and odata4 alone`},
		{false, map[string]any{"protocol": "soap", "entitySet": "", "function": "a b"}, `property "function" is no name`},
		{false, map[string]any{"function": "F"}, `are for soap alone`},
		{false, map[string]any{"entityset2": "F"}, `unknown property "entityset2"; did you mean "entitySet"?`},
		{true, map[string]any{"datasource": ""}, `property "datasource" is missing`},
		{true, map[string]any{"protocol": "idoc"}, `there are odata2, odata4 and soap, not "idoc"`},
		{true, map[string]any{"interval": "0s"}, `property "interval" must be positive`},
		{true, map[string]any{"protocol": "soap", "filter": "x"}, `are for odata2 and odata4 alone`},
		{true, map[string]any{"delta": false, "skipFirst": true}, `property "skipFirst" wants delta`},
		{true, map[string]any{"table": "DATA"}, `are for soap alone`},
		{true, map[string]any{"protocol": "soap", "datasource": "a b"}, `no name of a function module`},
		{true, map[string]any{"protocol": "soap", "parameters": "<A>"}, `property "parameters": `},
		{true, map[string]any{"protocol": "soap", "parameters": "1"}, `property "parameters": `},
	} {
		var err error
		if c.source {
			info, _ := registry().Source("sap")
			_, err = info.Decode(props("http://h", map[string]any{"datasource": "Orders"}, c.more), connectortest.Quiet())
		} else {
			info, _ := registry().Sink("sap")
			_, err = info.Decode(props("http://h", map[string]any{"entitySet": "Orders"}, c.more), connectortest.Quiet())
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "TOPSECRET") || strings.Contains(err.Error(), password) {
			t.Errorf("%v:\n got %v\nwant %s", c.more, err, c.want)
		}
	}
}

// A sink can be tried without a message.
func TestPing(t *testing.T) {
	f, url := start(t)
	for _, more := range []map[string]any{{"entitySet": "Orders"}, {"protocol": "idoc"}} {
		if err := openSink(t, props(url, more)).(connector.Pinger).Ping(t.Context()); err != nil {
			t.Error(more, err)
		}
		p := props(fmt.Sprintf("http://127.0.0.1:%d", servers.FreePort(t)), more)
		if err := openSink(t, p).(connector.Pinger).Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "refused") {
			t.Error(more, err)
		}
	}
	if f.fetches != 1 || f.requests > 0 {
		t.Errorf("%d tokens, %d changes", f.fetches, f.requests)
	}
}
