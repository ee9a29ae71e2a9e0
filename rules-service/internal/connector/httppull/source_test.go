package httppull

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/tests/servers"
)

type props map[string]any

func registry() *connector.Registry {
	r := connector.NewRegistry()
	Register(r)
	return r
}

func env() connector.Env { return connector.Env{Log: slog.New(slog.DiscardHandler)} }

func sourceOf(p props) (*source, error) {
	info, err := registry().Source("httppull")
	if err != nil {
		return nil, err
	}
	c, err := info.Decode(p, env())
	if err != nil {
		return nil, err
	}
	s, err := c.Open()
	if err != nil {
		return nil, err
	}
	return s.(*source), nil
}

func openSource(t testing.TB, p props) *source {
	t.Helper()
	s, err := sourceOf(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

// read is the next payload, which is acknowledged with verdict.
func read(t testing.TB, s connector.Source, verdict error) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	msgs, ack, err := s.Read(ctx)
	if err != nil || len(msgs) != 1 || ack == nil || msgs[0].Time.IsZero() {
		t.Fatalf("%v, %v", msgs, err)
	}
	payload := string(msgs[0].Payload)
	ack(verdict)
	return payload
}

// script is a server that answers one request after the other, and remembers
// them.
type script struct {
	mu      sync.Mutex
	answers []func(w http.ResponseWriter)
	log     []string
}

func says(answer string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { fmt.Fprint(w, answer) }
}

func status(code int, answer string, header ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		fmt.Fprint(w, answer)
	}
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	line := []string{r.Method, r.URL.RequestURI()}
	for _, name := range []string{"Authorization", "Content-Type", "If-None-Match", "If-Modified-Since", "X-State"} {
		if v := r.Header.Get(name); v != "" {
			line = append(line, name+"="+v)
		}
	}
	if len(body) > 0 {
		line = append(line, string(body))
	}
	s.log = append(s.log, strings.Join(line, " "))
	if len(s.answers) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	s.answers[0](w)
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
}

func (s *script) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	log := s.log
	s.log = nil
	return log
}

func serve(t testing.TB, answers ...func(http.ResponseWriter)) (*script, string) {
	t.Helper()
	s := &script{answers: answers}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL
}

func TestRequests(t *testing.T) {
	for name, c := range map[string]struct {
		props props
		want  string
	}{
		"plain":      {props{}, "GET /"},
		"path":       {props{"datasource": "/api/data?x=1"}, "GET /api/data?x=1"},
		"post":       {props{"method": "post", "body": `{"a":1}`}, `POST / Content-Type=application/json {"a":1}`},
		"put text":   {props{"method": "PUT", "body": "a", "bodyType": "text"}, `PUT / Content-Type=text/plain a`},
		"patch xml":  {props{"method": "PATCH", "body": "<a/>", "bodyType": "XML"}, `PATCH / Content-Type=application/xml <a/>`},
		"delete":     {props{"method": "delete"}, "DELETE /"},
		"get body":   {props{"body": `{"query":{}}`}, `GET / Content-Type=application/json {"query":{}}`},
		"none":       {props{"method": "POST", "body": "x", "bodyType": "none"}, "POST /"},
		"form":       {props{"method": "POST", "body": `{"a":"x y","b":2}`, "bodyType": "form"}, "POST / Content-Type=application/x-www-form-urlencoded a=x+y&b=2"},
		"form text":  {props{"method": "POST", "body": `a=1`, "bodyType": "form"}, "POST / Content-Type=application/x-www-form-urlencoded a=1"},
		"headers":    {props{"headers": map[string]any{"X-State": "on", "Content-Type": "a/b"}, "method": "POST", "body": "x"}, "POST / Content-Type=a/b X-State=on x"},
		"bearer":     {props{"bearer": "s3cr3t"}, "GET / Authorization=Bearer s3cr3t"},
		"states":     {props{"datasource": "/{{.a}}", "states": map[string]any{"a": 7, "b": "x"}, "headers": map[string]any{"X-State": "{{.b}}"}, "body": `{"b":{{json .b}}}`}, `GET /7 Content-Type=application/json X-State=x {"b":"x"}`},
		"first time": {props{"datasource": "/?from={{.LastPullTime}}"}, "GET /?from=0"},
	} {
		t.Run(name, func(t *testing.T) {
			script, url := serve(t, says("1"))
			p := props{"url": url + "/", "interval": "1h"}
			if name == "path" || strings.HasPrefix(name, "s") || name == "first time" {
				p["url"] = url
			}
			for k, v := range c.props {
				p[k] = v
			}
			s := openSource(t, p)
			if err := s.Connect(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := read(t, s, nil); got != "1" {
				t.Error(got)
			}
			if got := script.requests(); !slices.Equal(got, []string{c.want}) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// What answers say of the states stands in the next request; what the rules did
// not take is asked for again.
func TestStates(t *testing.T) {
	script, url := serve(t, says(`{"next":"b","other":1}`), says(`[{"next":"c"},{"x":1},{"next":17}]`), says(`no JSON`), says(`{"next":null}`), says(`[{"next":"c"},{"x":1},{"next":17}]`), says(`{}`))
	s := openSource(t, props{"url": url, "datasource": "/{{.next}}", "interval": 1, "states": map[string]any{"next": "a"}})
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	read(t, s, nil)
	read(t, s, errors.New("the rules have gone"))
	read(t, s, nil) // instead of the second answer
	read(t, s, nil)
	read(t, s, nil)
	read(t, s, nil)
	if got := strings.Join(script.requests(), ", "); got != "GET /a, GET /b, GET /b, GET /b, GET /b, GET /17" {
		t.Error(got)
	}
}

// An answer equal to the last one is left out, whether the server knows that or
// not.
func TestIncremental(t *testing.T) {
	tagged := func(body, tag string) func(http.ResponseWriter) {
		return status(200, body, "ETag", tag, "Last-Modified", "Sat, 21 Nov 2026 10:00:00 GMT")
	}
	script, url := serve(t, says("1"), says("1"), says("2"), tagged("3", `"t"`), status(304, ""), tagged("3", `"u"`), says("1"))
	s := openSource(t, props{"url": url, "interval": 1, "incremental": true})
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1", "2", "3", "1"} {
		if got := read(t, s, nil); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	r := s.Reception()
	if r.Ignored[unchanged] != 3 || r.Topic != "GET "+url || r.LastTopic != r.Topic || r.LastIgnored != unchanged {
		t.Errorf("%+v", r)
	}
	conditional := `GET / If-None-Match="t" If-Modified-Since=Sat, 21 Nov 2026 10:00:00 GMT`
	if got := script.requests(); got[3] != "GET /" || got[4] != conditional || got[5] != conditional {
		t.Errorf("%q", got)
	}
}

func TestEmptyAnswersAreNoMessages(t *testing.T) {
	_, url := serve(t, status(204, ""), says(""), says("1"))
	s := openSource(t, props{"url": url, "interval": 1})
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := read(t, s, nil); got != "1" {
		t.Error(got)
	}
}

// Failures come back with what to look at, and without secrets.
func TestFailures(t *testing.T) {
	refused, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	away := "http://" + refused.Addr().String()
	_ = refused.Close()
	expired, trust := servers.Expired(t)
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter)
		props  props
		want   string
	}{
		"not found":     {status(404, "no such thing"), props{"datasource": "/x?token=TOPSECRET"}, "GET URL/x?token=<secret>: 404 Not Found: no such thing"},
		"server error":  {status(500, ""), props{}, "GET URL: 500 Internal Server Error"},
		"credentials":   {status(401, "you sent Bearer TOPSECRET"), props{"bearer": "TOPSECRET"}, "GET URL: 401 Unauthorized: you sent Bearer <secret>"},
		"body":          {says(`{"code":500,"why":"busy"}`), props{"responseType": "body"}, `GET URL: 200 OK: {"code":500,"why":"busy"}`},
		"body array":    {says(`[{"code":200},{"code":404}]`), props{"responseType": "body"}, `200 OK: [{"code":200},{"code":404}]`},
		"no code":       {says(`{}`), props{"responseType": "body"}, `the answer has no code: GET URL: 200 OK: {}`},
		"condition":     {says(`{"errcode":7}`), props{"success": map[string]any{"path": "errcode", "equals": 0.0}}, `the answer does not meet the conditions of success: GET URL: 200 OK: {"errcode":7}`},
		"no such state": {says("1"), props{"datasource": "/{{.a}}"}, `property "url": url:1:`},
		"no address":    {says("1"), props{"datasource": "", "url": "{{.a}}", "states": map[string]any{"a": "nowhere"}}, `property "url": "nowhere" is no address`},
		"refused":       {says("1"), props{"url": away}, "connection refused"},
		"no host":       {says("1"), props{"url": "http://nowhere.invalid/?key=TOPSECRET"}, "GET http://nowhere.invalid/?key=<secret>: dial tcp"},
		"expired":       {says("1"), props{"url": "https://" + expired, "rootCaPath": trust}, "certificate has expired"},
		"slow":          {func(http.ResponseWriter) { time.Sleep(200 * time.Millisecond) }, props{"timeout": 20}, "Client.Timeout exceeded"},
		"denied":        {says("1"), props{"denyAddresses": "127.0.0.0/8"}, "address is on the deny list"},
		"redirect":      {status(302, "", "Location", "/x?token=TOPSECRET"), props{"method": "POST"}, "302 Found to /x?token=<secret>"},
		"too long":      {func(w http.ResponseWriter) { _, _ = w.Write(make([]byte, longestAnswer+1)) }, props{}, "the answer is longer than 16 MiB"},
		"oauth":         {status(500, "password TOPSECRET is wrong"), props{"oauth": map[string]any{"access": map[string]any{"url": "URL/token", "body": "TOPSECRET"}}}, "oauth access: POST URL/token: 500 Internal Server Error"},
	} {
		t.Run(name, func(t *testing.T) {
			_, url := serve(t, c.answer)
			p := props{"url": url, "interval": "1h"}
			for k, v := range c.props {
				if k == "oauth" {
					text, _ := json.Marshal(v)
					var o map[string]any
					_ = json.Unmarshal([]byte(strings.ReplaceAll(string(text), "URL", url)), &o)
					v = o
				}
				p[k] = v
			}
			s := openSource(t, p)
			err := s.Connect(t.Context())
			if err == nil {
				t.Fatal("it is connected")
			}
			got := strings.ReplaceAll(err.Error(), url, "URL")
			if !strings.Contains(got, c.want) || strings.Contains(got, "TOPSECRET") {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestConditionsOfSuccess(t *testing.T) {
	_, url := serve(t, status(404, `{"errcode":"0"}`))
	s := openSource(t, props{"url": url, "interval": "1h", "success": map[string]any{"status": []any{200.0, 404.0}, "path": "errcode", "in": []any{0.0, 1.0}}})
	if err := s.Connect(t.Context()); err != nil {
		t.Error(err)
	}
	_, url = serve(t, says(`[{"code":200},{"code":204}]`))
	s = openSource(t, props{"url": url, "interval": "1h", "responseType": "body"})
	if err := s.Connect(t.Context()); err != nil {
		t.Error(err)
	}
}

// A token is fetched before the first request, stands wherever a template wants
// it, and is renewed when the server refuses it.
func TestOAuth(t *testing.T) {
	good := func(n int) func(http.ResponseWriter) { return says(fmt.Sprintf(`{"errcode":0,"n":%d}`, n)) }
	script, url := serve(t,
		says(`{"data":{"token":"tok-0001"},"id":9}`), good(1),
		status(401, "tok-0001 is old"), says(`{"data":{"token":"tok-0002"}}`), good(2),
		says(`{"errcode":42001}`), says(`{"data":{"token":"tok-0003"}}`), good(3),
		status(401, "tok-0003 is old"), says(`{"data":{"token":"tok-0004"}}`), status(401, "tok-0004 is wrong"))
	s := openSource(t, props{"url": url, "datasource": "/?id={{.id}}&s={{.s}}", "interval": 1, "states": map[string]any{"s": "x"},
		"headers":   map[string]any{"Authorization": "Bearer {{.data.token}}"},
		"refreshOn": map[string]any{"path": "errcode", "equals": 42001.0}, "success": map[string]any{"path": "errcode", "equals": 0.0},
		"oauth": map[string]any{
			"access":  map[string]any{"url": url + "/login", "body": "me"},
			"refresh": map[string]any{"url": url + "/next", "body": "{{.data.token}}"},
		}})
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 3; n++ {
		if got := read(t, s, nil); got != fmt.Sprintf(`{"errcode":0,"n":%d}`, n) {
			t.Error(got)
		}
	}
	_, _, err := s.Read(t.Context())
	if want := "401 Unauthorized: <secret> is wrong"; !errors.Is(err, connector.ErrNotConnected) || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
	login, ask := "POST /login Content-Type=application/json me", func(n int) string {
		return fmt.Sprintf("GET /?id=9&s=x Authorization=Bearer tok-%04d", n)
	}
	next := func(n int) string { return fmt.Sprintf("POST /next Content-Type=application/json tok-%04d", n) }
	want := []string{login, ask(1), ask(1), next(1), ask(2), ask(2), next(2), ask(3), ask(3), next(3), ask(4)}
	if got := script.requests(); !slices.Equal(got, want) {
		t.Errorf("got %s\nwant %s", strings.Join(got, "\n    "), strings.Join(want, "\n     "))
	}
}

// inMemory is a transport without a network.
type inMemory func() string

func (f inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	_, _ = w.WriteString(f())
	res := w.Result()
	res.Request = r
	return res, nil
}

// Requests keep the rhythm of the interval, wait for the rules, and do not come
// in a burst afterwards.
func TestRhythm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var at []string
		s, err := sourceOf(props{"url": "http://h", "interval": "10s"})
		if err != nil {
			t.Fatal(err)
		}
		s.http = &http.Client{Transport: inMemory(func() string {
			at = append(at, time.Since(start).String())
			time.Sleep(3 * time.Second) // the server is slow
			return "1"
		})}
		if err := s.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			msgs, ack, err := s.Read(t.Context())
			if err != nil || len(msgs) != 1 {
				t.Fatal(err)
			}
			if i == 2 {
				go func() {
					time.Sleep(25 * time.Second) // the rules are slow
					ack(nil)
				}()
				continue
			}
			ack(nil)
		}
		if got := strings.Join(at, " "); got != "0s 10s 20s 48s 58s" {
			t.Error(got)
		}
	})
}

// The time of the last answer counts, not that of a failed request.
func TestPullTimes(t *testing.T) {
	script, url := serve(t, says("1"), status(500, ""), says("2"))
	s := openSource(t, props{"url": url, "datasource": "/{{.LastPullTime}}/{{.PullTime}}", "interval": 1})
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	read(t, s, nil)
	if _, _, err := s.Read(t.Context()); !errors.Is(err, connector.ErrNotConnected) {
		t.Fatal(err)
	}
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	read(t, s, nil)
	var times [3][2]int64
	for i, line := range script.requests() {
		if _, err := fmt.Sscanf(line, "GET /%d/%d", &times[i][0], &times[i][1]); err != nil {
			t.Fatal(line, err)
		}
	}
	if times[0][0] != 0 || times[1][0] != times[0][1] || times[2][0] != times[0][1] || times[2][1] <= times[0][1] || time.Since(time.UnixMilli(times[2][1])) > time.Minute {
		t.Error(times)
	}
}

func TestConfigIsChecked(t *testing.T) {
	with := func(p props) props {
		p["url"] = "http://h"
		return p
	}
	for want, p := range map[string]props{
		`property "url" is missing`:                                 {},
		`property "url": "ftp://h" is no address`:                   {"url": "ftp://h"},
		`property "interval" must be above 0`:                       with(props{"interval": 0}),
		`property "interval": milliseconds or a text`:               with(props{"interval": "often"}),
		`property "method": "HEAD" is not supported`:                with(props{"method": "head"}),
		`property "bodyType": "formdata" is not supported`:          with(props{"bodyType": "formdata"}),
		`property "responseType": there are code and body`:          with(props{"responseType": "x"}),
		`property "timeout" must be positive`:                       with(props{"timeout": 0}),
		`property "denyAddresses": "x" is neither`:                  with(props{"denyAddresses": "x"}),
		`property "headers.A": headers.A:1: unclosed action`:        with(props{"headers": map[string]any{"A": "{{"}}),
		`property "body": body:1: function "nope" not defined`:      with(props{"body": "{{nope}}"}),
		`property "success"[0]: give status, path or both`:          with(props{"success": map[string]any{}}),
		`property "refreshOn"[0]: give either equals or in`:         with(props{"refreshOn": map[string]any{"path": "a"}}),
		`property "oauth": refresh wants access`:                    with(props{"oauth": map[string]any{"refresh": map[string]any{"url": "http://h"}}}),
		`property "oauth.access.method": there are POST and GET`:    with(props{"oauth": map[string]any{"access": map[string]any{"url": "http://h", "method": "PUT"}}}),
		`property "oauth": unknown property "acess"`:                with(props{"oauth": map[string]any{"acess": 1}}),
		`property "states": an object is wanted`:                    with(props{"states": 1}),
		`property "incremental": true or false is wanted`:           with(props{"incremental": "x"}),
		`unknown property "intervall"; did you mean "interval"?`:    with(props{"intervall": 1}),
		`property "rootCaPath": open /nowhere: no such file`:        with(props{"rootCaPath": "/nowhere"}),
		`property "tlsMinVersion": "ssl3" is no version`:            with(props{"tlsMinVersion": "ssl3"}),
		`property "headers".A: a text is wanted, not an object`:     with(props{"headers": map[string]any{"A": map[string]any{}}}),
		`property "headers": an object is wanted`:                   with(props{"headers": []any{1}}),
		`a client's certificate and its key go together; give both`: with(props{"certificationRaw": "eA=="}),
	} {
		if _, err := sourceOf(p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %s", p, err, want)
		}
	}
}

// Streams with other templates have sources of their own.
func TestKey(t *testing.T) {
	info, err := registry().Source("httppull")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for i, p := range []props{{"url": "http://a"}, {"url": "http://b"}, {"url": "http://a", "datasource": "/x"}, {"url": "http://a", "body": "x"},
		{"url": "http://a", "headers": map[string]any{"A": "b"}}, {"url": "http://a", "states": map[string]any{"a": 1}}, {"url": "http://a", "interval": 5}} {
		c, err := info.Decode(p, env())
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[c.Key]; ok {
			t.Errorf("%v and the one with number %d are the same", p, other)
		}
		seen[c.Key] = i
	}
}

// letters is a server that gives each payload out once.
type letters struct {
	mu      sync.Mutex
	waiting []string
	server  *httptest.Server
	addr    string
}

func (l *letters) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	fmt.Fprint(w, l.waiting[0])
	l.waiting = l.waiting[1:]
}

func (l *letters) start(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", l.addr)
	if err != nil {
		t.Fatal(err)
	}
	l.server = &httptest.Server{Listener: listener, Config: &http.Server{Handler: l}}
	l.server.Start()
	t.Cleanup(l.server.Close)
}

func TestSourceConformance(t *testing.T) {
	l := &letters{addr: fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t))} // it listens there more than once
	l.start(t)
	h := connectortest.Source{
		Acks: true,
		New: func(t *testing.T) connector.Source {
			s, err := sourceOf(props{"url": "http://" + l.addr, "interval": 1})
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		Send: func(_ *testing.T, payloads ...string) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.waiting = append(l.waiting, payloads...)
		},
		Break: func(*testing.T) { l.server.Close() },
		Mend:  l.start,
	}
	h.Run(t)
}

// No answer brings a source down.
func FuzzAnswer(f *testing.F) {
	f.Add(`[{"next":1},null]`, "/{{.next}}")
	f.Add("", "")
	f.Add(`{"next":{"a":[]}}`, "/{{.next.a}}")
	f.Fuzz(func(t *testing.T, body, path string) {
		s, err := sourceOf(props{"url": "http://h", "datasource": path, "interval": 1, "incremental": true, "responseType": []string{"code", "body"}[len(body)%2],
			"states": map[string]any{"next": "x"}})
		if err != nil {
			return
		}
		s.http = &http.Client{Transport: inMemory(func() string { return body })}
		if s.Connect(t.Context()) != nil {
			return
		}
		if s.fresh(s.answer) && len(body) == 0 {
			t.Error("an empty message")
		}
		_ = s.ask(t.Context())
	})
}
