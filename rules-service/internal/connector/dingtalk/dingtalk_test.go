package dingtalk

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
	token  = "0123-TOKEN"
	secret = "SECtest"
)

// fake is DingTalk: it checks token, signature, its clock, bodies and how often
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
	_ = json.NewEncoder(w).Encode(map[string]any{"errcode": code, "errmsg": "answer to " + req.URL.Query().Get("access_token")})
}

func (f *fake) serve(req *http.Request, raw []byte) int {
	q := req.URL.Query()
	ms, err := strconv.ParseInt(q.Get("timestamp"), 10, 64)
	if err != nil || time.Since(time.UnixMilli(ms)).Abs() > time.Hour || q.Get("sign") != sign(q.Get("timestamp"), secret) ||
		req.URL.Path != "/robot/send" || q.Get("access_token") != token {
		return 310000
	}
	if len(f.forced) > 0 {
		code := f.forced[0]
		f.forced = f.forced[1:]
		return code
	}
	var body map[string]any
	if json.Unmarshal(raw, &body) != nil || len(raw) > 20_000 {
		return 40035
	}
	kind, _ := body["msgtype"].(string)
	inner, _ := body[kind].(map[string]any)
	if inner == nil || kind == "text" && inner["content"] == "" || kind == "markdown" && (inner["title"] == "" || inner["text"] == "") {
		return 40035
	}
	recent := 0
	for _, at := range f.times {
		if time.Since(at) < time.Minute {
			recent++
		}
	}
	if recent >= 20 && !f.hurry {
		return 130101
	}
	f.bodies, f.times = append(f.bodies, body), append(f.times, time.Now())
	return 0
}

func (f *fake) contents() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, b := range f.bodies {
		inner := b[b["msgtype"].(string)].(map[string]any)
		text, ok := inner["content"].(string)
		if !ok {
			text, _ = inner["text"].(string)
		}
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
	return connectortest.OpenSink(t, connectortest.Registry(Register), "dingtalk", p, connectortest.Quiet()).(*sink)
}

func props(url string, more map[string]any) map[string]any {
	out := map[string]any{"server": url, "accessToken": token, "secret": secret}
	maps.Copy(out, more)
	return out
}

// A signature of which the result is known, and how it stands in the address.
func TestKnownSignature(t *testing.T) {
	if got := sign("1700000000000", "SECtest"); got != "aZLLrriXgn05YbwaGR7knYsLeJADjr9NwLaNNKpxh4g=" {
		t.Error(got)
	}
	s := &sink{config: Config{Server: "https://h/", AccessToken: "T", Secret: "SECtest"}}
	if got := s.address(time.UnixMilli(1700000000000)); got != "https://h/robot/send?access_token=T&sign=aZLLrriXgn05YbwaGR7knYsLeJADjr9NwLaNNKpxh4g%3D&timestamp=1700000000000" {
		t.Error(got)
	}
	s.config.Secret = ""
	if got := s.address(time.UnixMilli(1700000000000)); got != "https://h/robot/send?access_token=T" {
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
		props   map[string]any
		payload string
		want    string
	}{
		{nil, "<hot>", `{"at":{"atMobiles":[],"atUserIds":[],"isAtAll":false},"msgtype":"text","text":{"content":"<hot>"}}`},
		{map[string]any{"atMobiles": "138, 139,138", "atUserIds": "eve", "isAtAll": true}, "hot",
			`{"at":{"atMobiles":["138","139"],"atUserIds":["eve"],"isAtAll":true},"msgtype":"text","text":{"content":"hot"}}`},
		{map[string]any{"msgtype": "markdown", "title": "T", "atMobiles": "138,139"}, "- a @138\n- b",
			`{"at":{"atMobiles":["138","139"],"atUserIds":[],"isAtAll":false},"markdown":{"text":"- a @138\n- b @139","title":"T"},"msgtype":"markdown"}`},
		{map[string]any{"msgtype": "link"}, `{"title":"t","text":"x","messageUrl":"u"}`, `{"link":{"messageUrl":"u","text":"x","title":"t"},"msgtype":"link"}`},
		{map[string]any{"msgtype": "actionCard"}, `{"title":"t"}`, `{"actionCard":{"title":"t"},"msgtype":"actionCard"}`},
		{map[string]any{"msgtype": "feedCard"}, `{"links":[]}`, `{"feedCard":{"links":[]},"msgtype":"feedCard"}`},
		{map[string]any{"msgtype": "raw"}, `{"msgtype":"text","text":{"content":"x"}}`, `{"msgtype":"text","text":{"content":"x"}}`},
	} {
		f := &fake{}
		s := open(t, props("http://dingtalk", c.props))
		s.client = connectortest.Direct(f)
		if err := s.Write(t.Context(), connectortest.Messages(c.payload)); err != nil || f.last() != c.want {
			t.Errorf("%v:\n got %s %v\nwant %s", c.props, f.last(), err, c.want)
		}
	}
}

// An hour of alarms: never more than 20 in a minute, all of them told of.
func TestRateIsHeld(t *testing.T) {
	f := &fake{}
	s := open(t, props("http://dingtalk", map[string]any{"msgtype": "markdown"}))
	s.client = connectortest.Direct(f)
	synctest.Test(t, func(t *testing.T) {
		told := 0
		for n := range 600 {
			batch := make([]connector.Outbound, 1+n%9)
			for i := range batch {
				batch[i].Payload = fmt.Appendf(nil, "alarm %d/%d", n, i)
			}
			if err := s.Write(t.Context(), batch); err != nil {
				t.Fatal(err)
			}
			told += len(batch)
			if n%50 == 0 {
				time.Sleep(2 * time.Minute)
			}
		}
		for _, text := range f.contents() {
			n := 1
			_, _ = fmt.Sscanf(text, "%d messages:", &n)
			if n > 1 && !strings.Contains(text, ":\n\n") {
				t.Errorf("a digest is %q", text)
			}
			told -= n
		}
		if told != 0 {
			t.Errorf("%d messages were not told of", told)
		}
	})
}

func TestDigestOfCards(t *testing.T) {
	for kind, payload := range map[string]string{"link": `{"title":"too hot","text":"x"}`, "raw": `{"msgtype":"text","text":{"content":"too hot"}}`} {
		f := &fake{}
		s := open(t, props("http://dingtalk", map[string]any{"msgtype": kind, "limit": "1/1h"}))
		s.client = connectortest.Direct(f)
		if err := s.Write(t.Context(), connectortest.Messages(payload, payload, "no JSON")); err != nil {
			t.Error(err)
		}
		if got := fmt.Sprintf("%q", f.contents()); got != fmt.Sprintf("[%q]", "3 messages:\ntoo hot (× 2)\n"+kind) {
			t.Error(kind, got)
		}
	}
}

func TestAnswers(t *testing.T) {
	server := httptest.NewServer(&fake{forced: []int{130101, -1, 310000, 400, 410100}})
	defer server.Close()
	s := open(t, props(server.URL, map[string]any{"limit": ""}))
	for _, want := range []string{"after 10m0s", "retry", "permanent", "permanent", "after 10m0s", ""} {
		if err := s.Write(t.Context(), connectortest.Messages("x")); connectortest.Class(err) != want || err != nil && strings.Contains(err.Error(), token) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if err := s.Write(t.Context(), connectortest.Messages("")); connectortest.Class(err) != "permanent" {
		t.Error(err)
	}
	for kind, payload := range map[string]string{"link": "text", "raw": `{"msgtype":"text"}`} {
		if err := open(t, props(server.URL, map[string]any{"msgtype": kind})).Write(t.Context(), connectortest.Messages(payload)); connectortest.Class(err) != "permanent" {
			t.Error(err)
		}
	}
	long := strings.Repeat("锅", 10_000)
	if err := s.Write(t.Context(), connectortest.Messages(long)); err != nil {
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
		{map[string]any{"secret": "SECwrong"}, "permanent", "310000"},
		{map[string]any{"secret": ""}, "permanent", "310000"},
		{map[string]any{"accessToken": "WRONG-TOKEN"}, "permanent", "310000"},
		{map[string]any{"server": fmt.Sprintf("http://127.0.0.1:%d", servers.FreePort(t))}, "retry", "refused"},
		{map[string]any{"server": "https://" + expired, "rootCaPath": trust}, "retry", "expired"},
	} {
		err := open(t, props(server.URL, c.more)).Write(t.Context(), connectortest.Messages("x"))
		if connectortest.Class(err) != c.class || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v", c.more, err)
		}
		for _, s := range []string{token, secret, "SECwrong", "WRONG-TOKEN"} {
			if err != nil && strings.Contains(err.Error(), s) {
				t.Errorf("a secret shows: %v", err)
			}
		}
	}
}

func TestMistakes(t *testing.T) {
	info, err := connectortest.Registry(Register).Sink("dingtalk")
	if err != nil {
		t.Fatal(err)
	}
	for want, more := range map[string]map[string]any{
		`property "accessToken" is missing`:                      {"accessToken": ""},
		`property "accessToken" is the token alone`:              {"accessToken": "https://oapi.dingtalk.com/robot/send?access_token=TOPSECRET"},
		`property "msgtype": "image" is unknown`:                 {"msgtype": "image"},
		`property "limit": "x" is no rate`:                       {"limit": "x"},
		`property "server": "h" is no address`:                   {"server": "h"},
		`property "timeout" must be positive`:                    {"timeout": "0s"},
		`property "isAtAll": true or false is wanted`:            {"isAtAll": []any{1, 2}},
		`unknown property "atMobile"; did you mean "atMobiles"?`: {"atMobile": "1"},
	} {
		if _, err := info.Decode(props("http://h", more), connectortest.Quiet()); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "TOPSECRET") {
			t.Errorf("%v:\n got %v\nwant %s", more, err, want)
		}
	}
}

func FuzzBody(f *testing.F) {
	f.Add(`{"msgtype":"text","text":{"content":"x"}}`, "link")
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
