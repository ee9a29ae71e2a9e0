package upstream

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/tests/servers"
)

const (
	common  = "edgex/v3/core-common-config-bootstrapper/"
	private = "edgex/v3/device-x/"
	// longEnough is far above what anything takes on a slow machine.
	longEnough = 2 * time.Minute
)

// site is a real Consul, a front of it and the log of that.
type site struct {
	t      *testing.T
	consul *servers.Process
	dir    string
	log    *lines
	front  *Consul
}

// lines keeps a log.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), text)
}

func newSite(t *testing.T) *site {
	s := &site{t: t, consul: servers.Consul(t), dir: t.TempDir(), log: &lines{}}
	s.fill()
	return s
}

// fill writes what a service and EdgeX's bootstrapper would.
func (s *site) fill() {
	s.t.Helper()
	for key, value := range map[string]string{
		common + "IsCommonConfigReady":             "true",
		common + "all-services/Writable/LogLevel":  "INFO",
		common + "all-services/Registry/Host":      "localhost",
		common + "all-services/Registry/Port":      fmt.Sprint(s.consul.Port),
		private + "Service/Port":                   "59999",
		private + "Writable/LogLevel":              "INFO",
		"edgex/v3/other-service/Writable/LogLevel": "INFO",
	} {
		s.put(key, value)
	}
}

// put writes to Consul itself.
func (s *site) put(key, value string) {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodPut, "http://"+s.consul.Addr()+"/v1/kv/"+key, strings.NewReader(value))
	if err != nil {
		s.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		s.t.Fatal(res.Status)
	}
}

func (s *site) open() {
	s.t.Helper()
	target, err := url.Parse("http://" + s.consul.Addr())
	if err != nil {
		s.t.Fatal(err)
	}
	settings := Settings{Enabled: true, Dir: s.dir, Patience: 100 * time.Millisecond}
	front, err := OpenConsul(s.t.Context(), target, settings, "device-x", slog.New(slog.NewTextHandler(s.log, nil)))
	if err != nil {
		s.t.Fatal(err)
	}
	s.front = front
	var once sync.Once
	s.t.Cleanup(func() { once.Do(front.Close) })
}

// startUp asks what an SDK asks when it starts.
func (s *site) startUp() {
	s.t.Helper()
	for _, path := range []string{
		"/v1/status/leader", "/v1/kv/" + common + "IsCommonConfigReady", "/v1/kv/" + common + "all-services/?keys=", "/v1/kv/" + common + "all-services/?recurse=",
		"/v1/kv/" + private + "?keys=", "/v1/kv/" + private + "?recurse=", "/v1/agent/services",
	} {
		if status, text, _ := s.call(http.MethodGet, path, ""); status != http.StatusOK {
			s.t.Fatalf("%s: %d %s", path, status, text)
		}
	}
}

// call asks the front as the SDK does.
func (s *site) call(method, path, body string) (status int, text, index string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), longEnough)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "http://"+s.front.address+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.SetBasicAuth(user, s.front.password)
	r.Header.Set(tokenHeader, "a-token-of-consul")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(b), res.Header.Get(indexHeader)
}

// values are those below a prefix, through the front.
func (s *site) values(prefix, query string) (values map[string]string, index string) {
	s.t.Helper()
	status, text, index := s.call(http.MethodGet, "/v1/kv/"+prefix+"?recurse="+query, "")
	if status != http.StatusOK {
		s.t.Fatalf("%s: %d %s", prefix, status, text)
	}
	var pairs []pair
	if err := json.Unmarshal([]byte(text), &pairs); err != nil {
		s.t.Fatal(err)
	}
	values = map[string]string{}
	for _, p := range pairs {
		values[strings.TrimPrefix(p.Key, prefix)] = string(p.Value)
	}
	return values, index
}

func (s *site) until(what string, condition func() bool) {
	s.t.Helper()
	for end := time.Now().Add(longEnough); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if condition() {
			return
		}
	}
	s.t.Fatalf("never: %s", what)
}

func TestConsulAwayAtTheStart(t *testing.T) {
	s := newSite(t)
	s.open()
	s.startUp()
	s.front.Close()
	if v := os.Getenv(variableProvider); v != "" {
		t.Errorf("the environment is left with %s", v)
	}
	if text, err := os.ReadFile(s.front.file.Path()); err != nil || strings.Contains(string(text), "a-token-of-consul") || strings.Contains(string(text), s.front.password) {
		t.Errorf("the file has a secret, or %v", err)
	}
	s.consul.Kill()

	s.open()
	if n := s.log.count("Consul is away"); n != 1 {
		t.Errorf("told %d times", n)
	}
	s.startUp()
	got, index := s.values(private, "")
	if len(got) != 2 || got["Service/Port"] != "59999" {
		t.Errorf("%v", got)
	}
	for path, want := range map[string]int{
		"/v1/kv/" + private + "Service/Host":             404, // is known not to be there
		"/v1/kv/" + private + "Nothing/?keys=":           404,
		"/v1/kv/edgex/v3/other-service/Writable?keys=":   503, // was never asked for
		"/v1/kv/edgex/v3/other-service/Writable?recurse": 503,
		"/v1/catalog/nodes":                              503,
	} {
		if status, text, _ := s.call(http.MethodGet, path, ""); status != want {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	if status, text, _ := s.call(http.MethodPut, "/v1/kv/"+private+"Writable/LogLevel", "DEBUG"); status != 503 {
		t.Errorf("a write to a Consul that is away: %d %s", status, text)
	}
	s.register(200)
	watched := make(chan map[string]string, 1)
	go func() {
		v, _ := s.values(private, "&wait=10m&index="+index)
		watched <- v
	}()

	s.consul.Start(t)
	s.fill()
	s.until("Consul is back", func() bool { return s.log.count("Consul is back") == 1 })
	if v := <-watched; len(v) != 2 {
		t.Errorf("the watch: %v", v)
	}
	_, again := s.values(private, "")
	if again != index {
		t.Errorf("the index went from %s to %s over a Consul with the same content", index, again)
	}
	s.registered()
	go func() {
		v, _ := s.values(private, "&wait=10m&index="+again)
		watched <- v
	}()
	s.put(private+"Writable/LogLevel", "DEBUG")
	if v := <-watched; v["Writable/LogLevel"] != "DEBUG" {
		t.Errorf("a change after the return: %v", v)
	}
}

func (s *site) register(want int) {
	s.t.Helper()
	for path, body := range map[string]string{
		"/v1/agent/service/register": `{"Name":"device-x","Address":"127.0.0.1","Port":59999}`,
		"/v1/agent/check/register":   `{"ID":"device-x","Name":"Health Check: device-x","ServiceID":"device-x","HTTP":"http://127.0.0.1:9/","Interval":"10s"}`,
	} {
		if status, text, _ := s.call(http.MethodPut, path, body); status != want {
			s.t.Errorf("%s: %d %s", path, status, text)
		}
	}
}

func (s *site) registered() {
	s.t.Helper()
	for _, path := range []string{"/v1/agent/services", "/v1/agent/checks"} {
		res, err := http.Get("http://" + s.consul.Addr() + path)
		if err != nil {
			s.t.Fatal(err)
		}
		text, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if !strings.Contains(string(text), "device-x") {
			s.t.Errorf("%s: %s", path, text)
		}
	}
}

// A Consul that goes away at run time and comes back without its data changes
// nothing: the watches stay quiet, and the registration is repeated.
func TestConsulLosesItsDataAtRunTime(t *testing.T) {
	s := newSite(t)
	s.open()
	s.startUp()
	s.front.registered(t, s)
	before, index := s.values(private, "")
	watched := make(chan map[string]string, 1)
	go func() {
		v, _ := s.values(private, "&wait=10m&index="+index)
		watched <- v
	}()
	s.consul.Kill()
	s.until("Consul is away", func() bool { return s.log.count("Consul is away") == 1 })
	if status, text, _ := s.call(http.MethodPut, deregister+"other", ""); status != 503 {
		t.Errorf("the end of a service is not kept: %d %s", status, text)
	}
	s.register(200)
	s.consul.Start(t)
	s.put(common+"all-services/Writable/LogLevel", "ERROR") // the bootstrapper is at it
	s.front.tryAgain(t.Context())
	if got, _ := s.values(common+"all-services/", ""); got["Writable/LogLevel"] != "INFO" || !s.front.isAway() {
		t.Errorf("a Consul that is not filled yet counts: %v", got)
	}
	s.put(common+"all-services/Writable/LogLevel", "INFO")
	s.put(common+"IsCommonConfigReady", "true")
	s.until("Consul is back", func() bool { return s.log.count("Consul is back") == 1 })
	if v := <-watched; fmt.Sprint(v) != fmt.Sprint(before) {
		t.Errorf("%v, was %v", v, before)
	}
	if _, again := s.values(private, ""); again != index {
		t.Errorf("index %s became %s", index, again)
	}
	s.registered()
}

func (c *Consul) registered(t *testing.T, s *site) {
	t.Helper()
	s.register(200)
	if len(c.announced) != len(registrations) {
		t.Errorf("%d registrations are kept", len(c.announced))
	}
}

// The registry is the front, as far as it is the same Consul.
func TestTheRegistryIsTheFront(t *testing.T) {
	s := newSite(t)
	s.open()
	got, _ := s.values(common+"all-services/", "")
	if addr := got["Registry/Host"] + ":" + got["Registry/Port"]; addr != s.front.address {
		t.Errorf("registry at %s, front at %s", addr, s.front.address)
	}
	s.put(common+"all-services/Registry/Port", "1")
	got, _ = s.values(common+"all-services/", "")
	if got["Registry/Host"] != "localhost" || got["Registry/Port"] != "1" {
		t.Errorf("another registry was replaced: %v", got)
	}
}

// Nobody but this process reads through the front.
func TestStrangersAreRefused(t *testing.T) {
	s := newSite(t)
	s.open()
	s.startUp()
	for _, path := range []string{"/v1/kv/" + private + "?recurse", "/v1/agent/services", "/v1/catalog/nodes"} {
		res, err := http.Get("http://" + s.front.address + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
}

// Without a state that can be used the start waits, as it always did.
func TestNoStateNoAnswers(t *testing.T) {
	for name, spoil := range map[string]func(s *site){
		"first start":   func(s *site) { _ = os.Remove(s.front.file.Path()) },
		"damaged":       func(s *site) { _ = os.WriteFile(s.front.file.Path(), []byte("{"), 0o600) },
		"empty":         func(s *site) { _ = s.front.file.Save(keys{}) },
		"other service": func(s *site) { _ = (&File{s.front.file.Path(), "device-y"}).Save(s.front.known) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.open()
			s.startUp()
			s.front.Close()
			s.consul.Kill()
			spoil(s)
			s.open()
			if status, text, _ := s.call(http.MethodGet, leaderPath, ""); status != 503 {
				t.Errorf("%d %s", status, text)
			}
			if status, text, _ := s.call(http.MethodGet, "/v1/kv/"+private+"?recurse", ""); status != 503 {
				t.Errorf("%d %s", status, text)
			}
			if n, want := s.log.count("is not used"), map[bool]int{true: 0, false: 1}[name == "first start"]; n != want {
				t.Errorf("told %d times", n)
			}
			s.consul.Start(t)
			s.fill()
			s.startUp()
		})
	}
}
