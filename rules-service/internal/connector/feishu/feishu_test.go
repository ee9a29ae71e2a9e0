package feishu

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/tests/servers"
)

const (
	hook   = "0123-HOOK"
	secret = "testsecret"
)

// fake is Feishu: it checks hook, signature, its clock, bodies and how often
// they come.
type fake struct {
	mu     sync.Mutex
	bodies []map[string]any
	times  []time.Time
	forced []int
	hurry  bool // there is no limit
}

func (f *fake) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	raw, _ := io.ReadAll(req.Body)
	code := f.serve(req, raw)
	if code == 0 && len(f.bodies)%2 == 0 { // as older robots answer
		_, _ = io.WriteString(w, `{"Extra":null,"StatusCode":0,"StatusMessage":"success"}`)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"code": code, "msg": "answer to " + req.URL.Path, "data": map[string]any{}})
}

func (f *fake) recent(period time.Duration) (n int) {
	for _, at := range f.times {
		if time.Since(at) < period {
			n++
		}
	}
	return n
}

func (f *fake) serve(req *http.Request, raw []byte) int {
	var body map[string]any
	switch {
	case req.URL.Path != "/open-apis/bot/v2/hook/"+hook:
		return 19001
	case json.Unmarshal(raw, &body) != nil || len(raw) > 20<<10:
		return 9499
	}
	text, _ := body["timestamp"].(string)
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > time.Hour || body["sign"] != sign(text, secret) {
		return 19021
	}
	if len(f.forced) > 0 {
		code := f.forced[0]
		f.forced = f.forced[1:]
		return code
	}
	content, _ := body["content"].(map[string]any)
	kind := body["msg_type"]
	switch {
	case kind == "interactive" && body["card"] == nil, kind != "interactive" && content == nil, kind == "text" && content["text"] == "":
		return 9499
	case !f.hurry && (f.recent(time.Minute) >= 100 || f.recent(time.Second) >= 5):
		return 11232
	}
	delete(body, "timestamp")
	delete(body, "sign")
	f.bodies, f.times = append(f.bodies, body), append(f.times, time.Now())
	return 0
}

func (f *fake) contents() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, b := range f.bodies {
		content, _ := b["content"].(map[string]any)
		text, _ := content["text"].(string)
		out = append(out, text)
	}
	return out
}

func (f *fake) last() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.bodies) == 0 {
		return ""
	}
	return connectortest.JSON(f.bodies[len(f.bodies)-1])
}

func open(t *testing.T, p map[string]any) *sink {
	t.Helper()
	return connectortest.OpenSink(t, connectortest.Registry(Register), "feishu", p, connectortest.Quiet()).(*sink)
}

func props(url string, more map[string]any) map[string]any {
	out := map[string]any{"server": url, "hook": hook, "secret": secret}
	maps.Copy(out, more)
	return out
}

// A signature of which the result is known.
func TestKnownSignature(t *testing.T) {
	if got := sign("1700000000", "testsecret"); got != "AOc8oJ7//5OlQlfWC3nRL0R+IkuzcD1FKcAyibRK9Q8=" {
		t.Error(got)
	}
}

func TestSinkConforms(t *testing.T) {
	f := &fake{hurry: true}
	web := connectortest.NewWeb(t, fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t)), f)
	h := connectortest.Sink{
		New: func(t *testing.T) connector.Sink {
			return open(t, props(web.URL(), map[string]any{"limit": "", "timeout": "20s"}))
		},
		Message:  func(p string) connector.Outbound { return connector.Outbound{Payload: []byte(p)} },
		Bad:      &connector.Outbound{},
		Received: func(*testing.T) []string { return f.contents() },
		Break:    web.Stop,
		Mend:     web.Start,
	}
	h.Run(t)
}

func TestMessages(t *testing.T) {
	for _, c := range []struct {
		kind, payload, want string
	}{
		{"text", "<hot> \"x\"", `{"content":{"text":"<hot> \"x\""},"msg_type":"text"}`},
		{"post", `{"post":{"zh_cn":{"title":"t"}}}`, `{"content":{"post":{"zh_cn":{"title":"t"}}},"msg_type":"post"}`},
		{"image", `{"image_key":"k"}`, `{"content":{"image_key":"k"},"msg_type":"image"}`},
		{"interactive", `{"header":{}}`, `{"card":{"header":{}},"msg_type":"interactive"}`},
		{"raw", `{"msg_type":"text","content":{"text":"x"}}`, `{"content":{"text":"x"},"msg_type":"text"}`},
	} {
		f := &fake{}
		s := open(t, props("http://feishu", map[string]any{"msgtype": c.kind}))
		s.client = connectortest.Direct(f)
		if err := s.Write(t.Context(), connectortest.Messages(c.payload)); err != nil || f.last() != c.want {
			t.Errorf("%s:\n got %s %v\nwant %s", c.kind, f.last(), err, c.want)
		}
	}
}

// Ten minutes of alarms: never more than 100 in a minute and 5 in a second, all
// of them told of.
func TestRateIsHeld(t *testing.T) {
	f := &fake{}
	s := open(t, props("http://feishu", nil))
	s.client = connectortest.Direct(f)
	synctest.Test(t, func(t *testing.T) {
		told := 0
		for n := range 1000 {
			batch := make([]connector.Outbound, 1+n%9)
			for i := range batch {
				batch[i].Payload = fmt.Appendf(nil, "alarm %d/%d", n, i)
			}
			if err := s.Write(t.Context(), batch); err != nil {
				t.Fatal(err)
			}
			told += len(batch)
			if n%100 == 0 {
				time.Sleep(2 * time.Minute)
			}
		}
		for _, text := range f.contents() {
			n := 1
			_, _ = fmt.Sscanf(text, "%d messages:", &n)
			told -= n
		}
		if told != 0 {
			t.Errorf("%d messages were not told of", told)
		}
	})
}

func TestDigestOfCards(t *testing.T) {
	for kind, payload := range map[string]string{
		"interactive": `{"header":{"title":{"content":"too hot","tag":"plain_text"}}}`,
		"post":        `{"post":{"zh_cn":{"title":"too hot","content":[[{"tag":"text","text":"x"}]]}}}`,
		"raw":         `{"msg_type":"text","content":{"text":"too hot"}}`,
	} {
		f := &fake{}
		s := open(t, props("http://feishu", map[string]any{"msgtype": kind, "limit": "1/1h"}))
		s.client = connectortest.Direct(f)
		if err := s.Write(t.Context(), connectortest.Messages(payload, payload, `{}`)); err != nil {
			t.Error(err)
		}
		if got := fmt.Sprintf("%q", f.contents()); got != fmt.Sprintf("[%q]", "3 messages:\ntoo hot (× 2)\n"+kind) {
			t.Error(kind, got)
		}
	}
}

func TestAnswers(t *testing.T) {
	f := &fake{hurry: true, forced: []int{11232, -1, 19022, 19024, 9499}}
	server := httptest.NewServer(f)
	defer server.Close()
	s := open(t, props(server.URL, map[string]any{"limit": ""}))
	for _, want := range []string{"after 10s", "retry", "permanent", "permanent", "permanent", "", ""} {
		if err := s.Write(t.Context(), connectortest.Messages("x")); connectortest.Class(err) != want || err != nil && strings.Contains(err.Error(), hook) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	for kind, payload := range map[string]string{"post": "text", "raw": `{"content":{}}`, "interactive": `{"a":"` + strings.Repeat("x", 20<<10) + `"}`} {
		if err := open(t, props(server.URL, map[string]any{"msgtype": kind})).Write(t.Context(), connectortest.Messages(payload)); connectortest.Class(err) != "permanent" {
			t.Error(kind, err)
		}
	}
	if err := s.Write(t.Context(), connectortest.Messages(strings.Repeat("锅炉\n", 10_000))); err != nil {
		t.Error("a long text:", err)
	}
}

func TestWrongCredentialsAndServers(t *testing.T) {
	server := httptest.NewServer(&fake{})
	defer server.Close()
	expired, trust := servers.Expired(t)
	for _, c := range []struct {
		more        map[string]any
		class, want string
	}{
		{map[string]any{"secret": "WRONG-SECRET"}, "permanent", "19021"},
		{map[string]any{"hook": "WRONG-HOOK"}, "permanent", "19001"},
		{map[string]any{"server": fmt.Sprintf("http://127.0.0.1:%d", servers.FreePort(t))}, "retry", "refused"},
		{map[string]any{"server": "https://" + expired, "rootCaPath": trust}, "retry", "expired"},
	} {
		err := open(t, props(server.URL, c.more)).Write(t.Context(), connectortest.Messages("x"))
		if connectortest.Class(err) != c.class || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v", c.more, err)
		}
		for _, s := range []string{hook, secret, "WRONG-SECRET", "WRONG-HOOK"} {
			if err != nil && strings.Contains(err.Error(), s) {
				t.Errorf("a secret shows: %v", err)
			}
		}
	}
}

func TestMistakes(t *testing.T) {
	info, err := connectortest.Registry(Register).Sink("feishu")
	if err != nil {
		t.Fatal(err)
	}
	for want, more := range map[string]map[string]any{
		`property "hook" is missing`:                         {"hook": ""},
		`property "hook" is the id alone`:                    {"hook": "https://open.feishu.cn/open-apis/bot/v2/hook/TOPSECRET"},
		`property "msgtype": "news" is unknown`:              {"msgtype": "news"},
		`property "limit": "x" is no rate`:                   {"limit": "x"},
		`property "server": "h" is no address`:               {"server": "h"},
		`property "timeout" must be positive`:                {"timeout": "0s"},
		`property "secret": a text is wanted, not an object`: {"secret": map[string]any{}},
		`unknown property "hok"; did you mean "hook"?`:       {"hok": "1"},
	} {
		if _, err := info.Decode(props("http://h", more), connectortest.Quiet()); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "TOPSECRET") {
			t.Errorf("%v:\n got %v\nwant %s", more, err, want)
		}
	}
}

func FuzzBody(f *testing.F) {
	f.Add(`{"msg_type":"text","content":{"text":"x"}}`, "interactive")
	f.Fuzz(func(_ *testing.T, payload, kind string) {
		s := &sink{config: Config{Type: kind}}
		_, _ = s.body(connectortest.Messages(payload))
		_, _ = s.body(connectortest.Messages(payload, payload))
	})
}

// A sink can be tried without a message.
func TestPing(t *testing.T) {
	f := &fake{}
	server := httptest.NewServer(f)
	defer server.Close()
	if err := open(t, props(server.URL, nil)).Ping(t.Context()); err != nil || len(f.contents()) > 0 {
		t.Error(err)
	}
	if err := open(t, props(fmt.Sprintf("http://127.0.0.1:%d", servers.FreePort(t)), nil)).Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Error(err)
	}
}
