package httppush

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/tests/servers"
)

type props map[string]any

// bench makes sources on one server, on a free port of this machine.
type bench struct {
	registry *connector.Registry
	env      connector.Env
}

func newBench() *bench {
	r := connector.NewRegistry()
	Register(r)
	return &bench{r, connector.Env{Log: slog.New(slog.DiscardHandler), Listen: connector.Listen{Host: "127.0.0.1"}}}
}

func (b *bench) make(p props) (connector.Source, error) {
	info, err := b.registry.Source("httppush")
	if err != nil {
		return nil, err
	}
	c, err := info.Decode(p, b.env)
	if err != nil {
		return nil, err
	}
	return c.Open()
}

func (b *bench) open(t testing.TB, p props) *source {
	t.Helper()
	s, err := b.make(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s.(*source)
}

// address is that of the stream.
func address(s *source) string {
	_, url, _ := strings.Cut(s.Reception().Topic, " ")
	return url
}

// serveRules reads a source as the hub does, and answers each delivery with what
// judge says.
func serveRules(t testing.TB, s connector.Source, judge func(payload string) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() {
		for {
			msgs, ack, err := s.Read(ctx)
			if err != nil {
				return
			}
			var verdict error
			for _, m := range msgs {
				verdict = errors.Join(verdict, judge(string(m.Payload)))
			}
			ack(verdict)
		}
	})
	t.Cleanup(func() {
		cancel()
		work.Wait()
	})
}

// answer is that of a request: its status and its text.
type answer struct {
	status int
	text   string
	header http.Header
}

func do(t testing.TB, req *http.Request) answer {
	t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, strings.TrimSpace(string(text)), res.Header}
}

func request(t testing.TB, method, url string, body io.Reader, header ...string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return req
}

func packed(t testing.TB, text string) io.Reader {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

// unsized is a body of unknown length.
func unsized(text string) io.Reader { return io.MultiReader(strings.NewReader(text)) }

func TestAnswers(t *testing.T) {
	b := newBench()
	var mu sync.Mutex
	var got []string
	take := func(payload string) error {
		if payload == "poison" {
			return errors.New("the disk is full")
		}
		mu.Lock()
		defer mu.Unlock()
		got = append(got, payload)
		return nil
	}
	orders := b.open(t, props{"datasource": "/orders", "maxBytes": 20})
	put := b.open(t, props{"datasource": "/orders", "method": "put"})
	secret := b.open(t, props{"datasource": "/a/b", "token": "s3cr3t"})
	for _, s := range []connector.Source{orders, put, secret} {
		serveRules(t, s, take)
	}
	base := strings.TrimSuffix(address(orders), "/orders")
	for name, c := range map[string]struct {
		req    *http.Request
		status int
		text   string
		header string // that must be there, as NAME: VALUE
		taken  string
	}{
		"post":           {request(t, "POST", base+"/orders?x=1", strings.NewReader(`{"a":1}`)), 200, "ok", "", `{"a":1}`},
		"unsized":        {request(t, "POST", base+"/orders", unsized(`{"a":2}`)), 200, "ok", "", `{"a":2}`},
		"put":            {request(t, "PUT", base+"/orders", strings.NewReader(`{"a":3}`)), 200, "ok", "", `{"a":3}`},
		"gzip":           {request(t, "POST", base+"/orders", packed(t, "packed"), "Content-Encoding", "gzip"), 413, "the body is longer than 20 bytes", "", ""},
		"gzip put":       {request(t, "PUT", base+"/orders", packed(t, "packed"), "Content-Encoding", "GZIP"), 200, "ok", "", "packed"},
		"gzip bomb":      {request(t, "PUT", base+"/orders", packed(t, strings.Repeat("0", 5<<20)), "Content-Encoding", "gzip"), 413, "longer than 4194304 bytes", "", ""},
		"no gzip":        {request(t, "PUT", base+"/orders", strings.NewReader("plain"), "Content-Encoding", "gzip"), 400, "the body cannot be read", "", ""},
		"other encoding": {request(t, "PUT", base+"/orders", strings.NewReader("x"), "Content-Encoding", "br"), 415, `Content-Encoding "br" is not taken; there is gzip`, "Accept-Encoding: gzip", ""},
		"too long":       {request(t, "POST", base+"/orders", strings.NewReader(strings.Repeat("x", 21))), 413, "the body is longer than 20 bytes", "", ""},
		"unsized long":   {request(t, "POST", base+"/orders", unsized(strings.Repeat("x", 21))), 413, "the body is longer than 20 bytes", "", ""},
		"longest":        {request(t, "POST", base+"/orders", strings.NewReader(strings.Repeat("y", 20))), 200, "ok", "", strings.Repeat("y", 20)},
		"empty":          {request(t, "POST", base+"/orders", nil), 400, "the request has no body", "", ""},
		"other method":   {request(t, "DELETE", base+"/orders", nil), 405, "/orders takes POST and PUT, not DELETE", "Allow: POST, PUT", ""},
		"get":            {request(t, "GET", base+"/a/b", nil), 405, "/a/b takes POST, not GET", "Allow: POST", ""},
		"other path":     {request(t, "POST", base+"/orders/", nil), 404, "no running rule reads a stream with this path", "", ""},
		"root":           {request(t, "GET", base+"/", nil), 404, "no running rule", "", ""},
		"no token":       {request(t, "POST", base+"/a/b", strings.NewReader("x")), 401, "the header Authorization must have the token", "Www-Authenticate: Bearer", ""},
		"wrong token":    {request(t, "POST", base+"/a/b", strings.NewReader("x"), "Authorization", "Bearer s3cr3"), 401, "must have the token", "", ""},
		"wrong scheme":   {request(t, "POST", base+"/a/b", strings.NewReader("x"), "Authorization", "Basic s3cr3t"), 401, "must have the token", "", ""},
		"token":          {request(t, "POST", base+"/a/b", strings.NewReader("t"), "Authorization", "bearer s3cr3t"), 200, "ok", "", "t"},
		"refused":        {request(t, "POST", base+"/orders", strings.NewReader("poison")), 503, "the rules could not take it: the disk is full; send it again", "Retry-After: 1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			mu.Lock()
			got = nil
			mu.Unlock()
			a := do(t, c.req)
			if a.status != c.status || !strings.Contains(a.text, c.text) || strings.Contains(a.text, "s3cr3t") {
				t.Errorf("got %d %q, want %d %q", a.status, a.text, c.status, c.text)
			}
			if name, v, ok := strings.Cut(c.header, ": "); ok && a.header.Get(name) != v {
				t.Errorf("header %s: %q", name, a.header.Get(name))
			}
			mu.Lock()
			defer mu.Unlock()
			if strings.Join(got, "|") != c.taken {
				t.Errorf("taken: %q", got)
			}
		})
	}
}

// Who says that a body is too long is answered before it is sent.
func TestTooLongIsKnownBefore(t *testing.T) {
	s := newBench().open(t, props{"datasource": "/x", "maxBytes": 10})
	body, writer := io.Pipe() // nobody writes
	defer writer.Close()
	req := request(t, "POST", address(s), body)
	req.ContentLength = 11
	if a := do(t, req); a.status != 413 {
		t.Error(a)
	}
}

// Nothing is answered before the rules have it.
func TestAnswerWaitsForTheRules(t *testing.T) {
	s := newBench().open(t, props{"datasource": "/x"})
	answered := make(chan answer, 1)
	go func() { answered <- do(t, request(t, "POST", address(s), strings.NewReader("1"))) }()
	msgs, ack, err := s.Read(t.Context())
	if err != nil || len(msgs) != 1 || string(msgs[0].Payload) != "1" || msgs[0].Time.IsZero() {
		t.Fatal(msgs, err)
	}
	select {
	case a := <-answered:
		t.Fatal("answered early:", a)
	case <-time.After(50 * time.Millisecond):
	}
	ack(nil)
	if a := <-answered; a.status != 200 {
		t.Error(a)
	}
	if r := s.Reception(); r.LastTopic != r.Topic || !strings.HasPrefix(r.Topic, "POST http://127.0.0.1:") {
		t.Errorf("%+v", r)
	}
}

func TestRulesThatAreBehind(t *testing.T) {
	s := newBench().open(t, props{"datasource": "/x", "timeout": "20ms"})
	if a := do(t, request(t, "POST", address(s), strings.NewReader("1"))); a.status != 503 || !strings.Contains(a.text, "within 20ms") || a.header.Get("Retry-After") != "1" {
		t.Error(a)
	}
	for s.put(&push{body: []byte("x"), answer: make(chan error, 1)}) {
	}
	if a := do(t, request(t, "POST", address(s), strings.NewReader("1"))); a.status != 503 || !strings.Contains(a.text, "the rules are behind") {
		t.Error(a)
	}
	if s.Dropped() != 2 {
		t.Error(s.Dropped())
	}
}

// All requests of a server share a bound for their bodies.
func TestRoom(t *testing.T) {
	s := newBench().open(t, props{"datasource": "/x"})
	serveRules(t, s, func(string) error { return nil })
	all := s.server.room.free.Load()
	if !s.server.room.take(all - 2) {
		t.Fatal("there is no room")
	}
	if a := do(t, request(t, "POST", address(s), strings.NewReader("123"))); a.status != 503 || !strings.Contains(a.text, "too much is under way") {
		t.Error(a)
	}
	if a := do(t, request(t, "POST", address(s), strings.NewReader("12"))); a.status != 200 {
		t.Error(a)
	}
	s.server.room.free.Add(all - 2)
	if got := s.server.room.free.Load(); got != all {
		t.Errorf("%d of %d bytes are free", got, all)
	}
}

// Who closes the last stream closes the server; what waits is answered.
func TestClose(t *testing.T) {
	b := newBench()
	s, other := b.open(t, props{"datasource": "/x"}), b.open(t, props{"datasource": "/y"})
	if s.server != other.server {
		t.Fatal("each stream has a server")
	}
	serveRules(t, other, func(string) error { return nil })
	url, otherURL := address(s), address(other)
	answered := make(chan answer, 1)
	go func() { answered <- do(t, request(t, "POST", url, strings.NewReader("1"))) }()
	for deadline := time.Now().Add(time.Minute); s.server.room.free.Load() == bytesInWork; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the request does not come")
		}
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := <-answered; a.status != 503 {
		t.Error(a)
	}
	if s.put(&push{answer: make(chan error, 1)}) {
		t.Error("a request is taken that nobody will read")
	}
	if a := do(t, request(t, "POST", url, strings.NewReader("1"))); a.status != 503 || a.header.Get("Retry-After") == "" || !strings.Contains(a.text, "not read at the moment") {
		t.Error(a) // its rule may just be changing
	}
	other.server.mu.Lock()
	other.server.given["/x"] = time.Now().Add(-2 * mayComeBack)
	other.server.mu.Unlock()
	if a := do(t, request(t, "POST", url, strings.NewReader("1"))); a.status != 404 {
		t.Error(a)
	}
	if a := do(t, request(t, "POST", otherURL, strings.NewReader("1"))); a.status != 200 {
		t.Error(a)
	}
	if err := other.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if res, err := http.Post(url, "", strings.NewReader("1")); err == nil {
		_ = res.Body.Close()
		t.Error("the server is still there")
	}
}

// Two streams cannot have one path, unless they are equal and share a source.
func TestTakenPath(t *testing.T) {
	b := newBench()
	first := b.open(t, props{"datasource": "/x"})
	s, err := b.make(props{"datasource": "/x", "maxBytes": 5})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	if err := s.Connect(t.Context()); err == nil || errors.Is(err, connector.ErrNotConnected) || !strings.Contains(err.Error(), "POST /x is taken by a stream with other properties") {
		t.Fatal(err)
	}
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Connect(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTakenPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	b := newBench()
	b.env.Listen.Port = l.Addr().(*net.TCPAddr).Port
	s, err := b.make(props{"datasource": "/x"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Connect(t.Context()); !errors.Is(err, connector.ErrNotConnected) || !strings.Contains(err.Error(), "address already in use") {
		t.Error(err)
	}
}

func TestTLS(t *testing.T) {
	c := servers.NewCertificates(t)
	b := newBench()
	b.env.Listen.CertFile, b.env.Listen.KeyFile = c.ServerCert, c.ClientKey
	s, err := b.make(props{"datasource": "/x"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Connect(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate of the server for httppush: tls: private key does not match") {
		t.Fatal(err)
	}
	b.env.Listen.KeyFile = c.ServerKey
	secured := b.open(t, props{"datasource": "/x"})
	serveRules(t, secured, func(string) error { return nil })
	trust, err := connector.TLS{RootCAPath: c.CA}.Config()
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trust, ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	res, err := client.Do(request(t, "POST", address(secured), strings.NewReader("1")))
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != 200 || res.Proto != "HTTP/2.0" {
		t.Error(res.Status, res.Proto)
	}
	if res, err := client.Post(strings.Replace(address(secured), "https", "http", 1), "", strings.NewReader("1")); err == nil {
		_ = res.Body.Close()
		if res.StatusCode != 400 {
			t.Error("the server speaks HTTP too:", res.Status)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	b := newBench()
	for want, p := range map[string]props{
		`property "datasource" is missing`:            {},
		`DATASOURCE "orders" is no path`:              {"datasource": "orders"},
		`DATASOURCE "/orders?a=1" is no path`:         {"datasource": "/orders?a=1"},
		`DATASOURCE "/a%20b" is no path`:              {"datasource": "/a%20b"},
		`property "method": there are POST and PUT`:   {"datasource": "/x", "method": "GET"},
		`property "maxBytes" must be between 1 and`:   {"datasource": "/x", "maxBytes": 0},
		`property "maxBytes": a whole number`:         {"datasource": "/x", "maxBytes": "much"},
		`property "timeout" must be positive`:         {"datasource": "/x", "timeout": 0},
		`property "timeout": milliseconds or a text`:  {"datasource": "/x", "timeout": []any{}},
		`unknown property "metod"; did you mean "met`: {"datasource": "/x", "metod": "PUT"},
	} {
		if _, err := b.make(p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %s", p, err, want)
		}
	}
}

// Streams without a token are told of where others can reach them.
func TestWarningWithoutToken(t *testing.T) {
	for host, want := range map[string]bool{"127.0.0.1": false, "0.0.0.0": true} {
		var log bytes.Buffer
		b := newBench()
		b.env.Log, b.env.Listen.Host = slog.New(slog.NewTextHandler(&log, nil)), host
		b.open(t, props{"datasource": "/open"})
		b.open(t, props{"datasource": "/closed", "token": "t"})
		if got := strings.Count(log.String(), "everybody who reaches the port"); (got == 1) != want {
			t.Errorf("%s: %s", host, log.String())
		}
	}
}

// A token of the secret store counts as one that is given.
func TestTokenOfTheSecretStore(t *testing.T) {
	b := newBench()
	b.env.Secret = func(name, key string) (string, error) { return name + "-" + key, nil }
	s, err := b.make(props{"datasource": "/x", "token": "secret://orders/token"})
	if err != nil {
		t.Fatal(err)
	}
	ready := make(chan struct{}, 1)
	s.(connector.Notifier).Notify(func() {
		select {
		case ready <- struct{}{}:
		default:
		}
	})
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	_, url, _ := strings.Cut(s.(connector.Receiver).Reception().Topic, " ")
	if a := do(t, request(t, "POST", url, strings.NewReader("1"), "Authorization", "Bearer secret://orders/token")); a.status != 401 {
		t.Error(a)
	}
	answered := make(chan answer, 1)
	go func() {
		answered <- do(t, request(t, "POST", url, strings.NewReader("1"), "Authorization", "Bearer orders-token"))
	}()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for taken := false; !taken; { // as who reads many sources does
		<-ready
		msgs, ack, err := s.Read(ended)
		if taken = len(msgs) == 1; taken {
			ack(nil)
		} else if !errors.Is(err, context.Canceled) {
			t.Fatal(msgs, err)
		}
	}
	if a := <-answered; a.status != 200 {
		t.Error(a)
	}
}

// The suite; the server goes away when its listener fails.
func TestSourceConformance(t *testing.T) {
	b := newBench()
	b.env.Listen.Port = servers.FreePort(t)
	at := fmt.Sprintf("http://127.0.0.1:%d/in", b.env.Listen.Port)
	var last *source
	h := connectortest.Source{
		Acks: true,
		New: func(t *testing.T) connector.Source {
			s, err := b.make(props{"datasource": "/in", "timeout": "1m"})
			if err != nil {
				t.Fatal(err)
			}
			last = s.(*source)
			return s
		},
		Send: func(t *testing.T, payloads ...string) {
			var work sync.WaitGroup
			work.Go(func() { // the answers come when the payloads were read
				for _, p := range payloads {
					if res, err := http.Post(at, "application/json", strings.NewReader(p)); err == nil {
						_ = res.Body.Close()
					}
				}
			})
			t.Cleanup(work.Wait)
		},
		Break: func(t *testing.T) {
			if err := last.server.listener.Close(); err != nil {
				t.Fatal(err)
			}
		},
		Mend: func(*testing.T) {},
	}
	h.Run(t)
}

// No request brings the server down.
func FuzzRequest(f *testing.F) {
	f.Add("gzip", "Bearer x", []byte{0x1f, 0x8b})
	f.Add("", "", []byte("{}"))
	b := newBench()
	s := b.open(f, props{"datasource": "/x", "maxBytes": 100, "token": "x"})
	serveRules(f, s, func(string) error { return nil })
	url := address(s)
	f.Fuzz(func(t *testing.T, encoding, token string, body []byte) {
		req := request(t, "POST", url, bytes.NewReader(body))
		req.Header["Content-Encoding"], req.Header["Authorization"] = []string{encoding}, []string{token}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return // the client refuses to send it
		}
		_ = res.Body.Close()
		if res.StatusCode == 200 && len(body) == 0 || res.StatusCode >= 500 {
			t.Errorf("status %d", res.StatusCode)
		}
	})
}

// Streams that come and go leave nothing behind.
func TestNothingIsLeft(t *testing.T) {
	http.DefaultClient.CloseIdleConnections()
	before := runtime.NumGoroutine()
	b := newBench()
	for i := range 20 {
		s, err := b.make(props{"datasource": "/x"})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			if a := do(t, request(t, "GET", address(s.(*source)), nil)); a.status != 405 {
				t.Error(a)
			}
		}
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	for deadline := time.Now().Add(time.Minute); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}
