package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"sluice/rules-service/internal/connector"
)

// guarded is a server that wants a token, and gives them out.
type guarded struct {
	mu      sync.Mutex
	valid   string   // the token that it takes
	given   int      // tokens
	life    int      // of a token, seconds; 0: it does not say
	down    bool     // no token is given out
	stale   bool     // refreshing is refused
	expired int      // answers that tell it in the body, with status 200
	log     []string // requests
}

func (g *guarded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.log = append(g.log, fmt.Sprintf("%s %s %q %s", r.Method, r.URL.RequestURI(), r.Header.Get("Authorization"), body))
	switch {
	case strings.HasPrefix(r.URL.Path, "/token") && g.down, r.URL.Path == "/token/next" && g.stale:
		w.WriteHeader(http.StatusServiceUnavailable)
	case strings.HasPrefix(r.URL.Path, "/token"):
		g.given++
		g.valid = fmt.Sprintf("tok-%08d", g.given)
		answer := map[string]any{"token": g.valid, "nested": map[string]any{}, "nothing": nil}
		if r.URL.Path == "/token" {
			answer["refresh_token"] = "again-please"
			answer["expires_in"] = g.life
		}
		_ = json.NewEncoder(w).Encode([]any{answer})
	case r.Header.Get("Authorization") != "Bearer "+g.valid:
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, "you sent ", r.Header.Get("Authorization"))
	case g.expired > 0:
		g.expired--
		fmt.Fprint(w, `{"errcode":42001}`)
	default:
		fmt.Fprint(w, `{"errcode":0}`)
	}
}

func (g *guarded) change(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f()
}

func (g *guarded) requests() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	log := g.log
	g.log = nil
	return log
}

func oauthProps(url string) map[string]any {
	return map[string]any{
		"url":     url + "/in",
		"headers": map[string]any{"Authorization": "Bearer {{.token}}", "X-Device": "{{.device}}"},
		"oauth": map[string]any{
			"access": map[string]any{"url": url + "/token", "body": `{"password":"PASSWORD"}`, "expire": "{{.expires_in}}"},
			"refresh": map[string]any{"url": url + "/token/next", "body": `{"t":"{{.refresh_token}}"}`,
				"headers": map[string]any{"Authorization": "Bearer {{.token}}"}},
		},
	}
}

// outbound is a message as the delivery makes it: the place of the token is
// open.
func outbound(c *connector.SinkConfig, payload string) connector.Outbound {
	return connector.Outbound{Payload: []byte(payload), Values: map[string]string{
		"headers.Authorization": c.Templates["headers.Authorization"], "headers.X-Device": "d1"}}
}

func connected(t *testing.T, props map[string]any) (connector.Sink, *connector.SinkConfig) {
	t.Helper()
	s, c := open(t, props)
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s, c
}

func TestTokenIsFetchedBeforeTheFirstWriteAndRenewedOnceOn401(t *testing.T) {
	g := &guarded{}
	server := httptest.NewServer(g)
	defer server.Close()
	s, c := connected(t, oauthProps(server.URL))
	write := func(want string, log ...string) {
		t.Helper()
		got := class(s.Write(t.Context(), []connector.Outbound{outbound(c, "{}")}))
		if got = strings.ReplaceAll(got, server.URL, ""); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
		if r := g.requests(); !slices.Equal(r, log) {
			t.Errorf("requests:\n%s\nwant:\n%s", strings.Join(r, "\n"), strings.Join(log, "\n"))
		}
	}
	if r := g.requests(); len(r) > 0 {
		t.Error("before the first write:", r)
	}
	access := `POST /token "" {"password":"PASSWORD"}`
	in := func(n int) string { return fmt.Sprintf(`POST /in "Bearer tok-%08d" {}`, n) }
	next := func(n int) string {
		return fmt.Sprintf(`POST /token/next "Bearer tok-%08d" {"t":"again-please"}`, n)
	}
	write("", access, in(1))
	write("", in(1))
	g.change(func() { g.valid = "another" })
	write("", in(1), next(1), in(2))
	g.change(func() { g.valid, g.stale = "another", true })
	write("", in(2), next(2), access, in(3)) // what cannot be refreshed begins again
	g.change(func() { g.valid, g.down = "another", true })
	write("retry: oauth access: POST /token: 503 Service Unavailable", in(3), next(3), access)
	g.change(func() { g.down, g.stale = false, false })
	write("", in(3), next(3), in(4))
}

// One attempt more, and the token is not shown.
func TestTokenThatIsAlwaysRefused(t *testing.T) {
	g := &guarded{}
	server := httptest.NewServer(g)
	defer server.Close()
	props := oauthProps(server.URL)
	props["headers"] = map[string]any{"Authorization": "Basic {{.token}}"}
	s, c := connected(t, props)
	got := class(s.Write(t.Context(), []connector.Outbound{outbound(c, "{}")}))
	if want := "permanent: POST " + server.URL + "/in: 401 Unauthorized: you sent Basic <secret>"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if r := g.requests(); len(r) != 4 {
		t.Error(r)
	}
}

// Messengers tell of an old token in the body of a good answer.
func TestTokenIsRenewedUponABody(t *testing.T) {
	g := &guarded{expired: 1}
	server := httptest.NewServer(g)
	defer server.Close()
	props := oauthProps(server.URL)
	props["success"] = map[string]any{"path": "errcode", "equals": 0.0}
	props["refreshOn"] = map[string]any{"path": "errcode", "in": []any{40014.0, 42001.0}}
	s, c := connected(t, props)
	if err := s.Write(t.Context(), []connector.Outbound{outbound(c, "{}")}); err != nil {
		t.Error(err)
	}
	if r := g.requests(); len(r) != 4 {
		t.Error(r)
	}
}

// Sinks with the same requests share a token: one that fetched another would
// end that of the others on many servers.
func TestSinksShareTheirToken(t *testing.T) {
	g := &guarded{}
	server := httptest.NewServer(g)
	defer server.Close()
	r := connector.NewRegistry()
	Register(r)
	info, err := r.Sink("rest")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	for i := range 8 {
		props := oauthProps(server.URL)
		props["url"] = fmt.Sprint(server.URL, "/in/", i)
		c, err := info.Decode(props, connector.Env{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := c.Open()
		if err != nil {
			t.Fatal(err)
		}
		work.Go(func() {
			if err := s.Connect(t.Context()); err != nil {
				t.Error(err)
			}
			if err := s.Write(t.Context(), []connector.Outbound{outbound(c, "{}")}); err != nil {
				t.Error(err)
			}
		})
		t.Cleanup(func() { _ = s.Close(context.Background()) })
	}
	work.Wait()
	if g.given != 1 {
		t.Errorf("%d tokens were fetched", g.given)
	}
}

func TestBearer(t *testing.T) {
	g := &guarded{valid: "fixed-token"}
	server := httptest.NewServer(g)
	defer server.Close()
	s, _ := connected(t, map[string]any{"url": server.URL, "bearer": "fixed-token"})
	if err := s.Write(t.Context(), []connector.Outbound{{}}); err != nil {
		t.Error(err)
	}
	s, _ = connected(t, map[string]any{"url": server.URL, "bearer": "wrong-token"})
	if got := class(s.Write(t.Context(), []connector.Outbound{{}})); got != "permanent: POST "+server.URL+": 401 Unauthorized: you sent Bearer <secret>" {
		t.Error(got)
	}
}

func TestOAuthIsChecked(t *testing.T) {
	access := map[string]any{"url": "http://h/token"}
	for want, oauth := range map[string]map[string]any{
		"": {"access": map[string]any{"url": ""}, "refresh": map[string]any{"url": ""}}, // as forms send it
		`property "oauth.access.url": "token" is no address`:        {"access": map[string]any{"url": "token"}},
		`refresh wants access`:                                      {"refresh": access},
		`"oauth.access.expire" is no template`:                      {"access": map[string]any{"url": "http://h", "expire": "{{.x"}},
		`"oauth.refresh.headers.A" is no template`:                  {"access": access, "refresh": map[string]any{"url": "http://h", "headers": map[string]any{"A": "{{"}}},
		`"oauth.access.method": there are POST and GET, not "BREW"`: {"access": map[string]any{"url": "http://h", "method": "BREW"}},
		`unknown property "urll"; did you mean "url"?`:              {"access": map[string]any{"urll": "http://h"}},
	} {
		r := connector.NewRegistry()
		Register(r)
		info, err := r.Sink("rest")
		if err != nil {
			t.Fatal(err)
		}
		_, err = info.Decode(map[string]any{"url": "http://h", "oauth": oauth}, connector.Env{})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestTokenWithoutWhatIsWanted(t *testing.T) {
	for want, answer := range map[string]string{
		`retry: the url: the answer of oauth has no field "access_token"`:       `{"token":"x"}`,
		`retry: oauth access: POST /t: the answer is no JSON`:                   `<html>`,
		`retry: oauth access: POST /t: the answer is no JSON object`:            `[1]`,
		`retry: property "oauth.access.expire": "soon" is no number of seconds`: `{"access_token":"x","life":"soon"}`,
		`retry: property "oauth.access.expire" names what the token has not`:    `{"access_token":"x","life":null}`,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, answer) }))
		props := map[string]any{"url": server.URL + "/in?access_token={{.access_token}}",
			"oauth": map[string]any{"access": map[string]any{"url": server.URL + "/t", "expire": "{{.life}}"}}}
		if strings.HasPrefix(want, "retry: the url") {
			props["oauth"] = map[string]any{"access": map[string]any{"url": server.URL + "/t"}}
		}
		s, c := connected(t, props)
		m := connector.Outbound{Values: map[string]string{"url": c.Templates["url"]}}
		if got := strings.ReplaceAll(class(s.Write(t.Context(), []connector.Outbound{m})), server.URL, ""); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
		server.Close()
	}
}
