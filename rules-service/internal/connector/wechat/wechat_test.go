package wechat

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/tests/servers"
)

const appSecret = "APP-SECRET"

// fake is WeChat: it checks tokens, openids, templates and the lengths of
// keywords.
type fake struct {
	mu     sync.Mutex
	paths  []string
	bodies []map[string]any
	tokens int
	stable int // of them
	forced []int
}

func (f *fake) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	raw, _ := io.ReadAll(req.Body)
	var body map[string]any
	_ = json.Unmarshal(raw, &body)
	_ = json.NewEncoder(w).Encode(f.serve(req, body))
}

func refusal(code int) map[string]any {
	return map[string]any{"errcode": code, "errmsg": "refused"}
}

func (f *fake) serve(req *http.Request, body map[string]any) map[string]any {
	q := req.URL.Query()
	switch path := req.URL.Path; {
	case path == "/cgi-bin/token" && q.Get("grant_type") == "client_credential":
		return f.grant(q.Get("appid"), q.Get("secret"))
	case path == "/cgi-bin/stable_token" && body["grant_type"] == "client_credential":
		f.stable++
		return f.grant(fmt.Sprint(body["appid"]), fmt.Sprint(body["secret"]))
	case !strings.HasPrefix(path, "/cgi-bin/message/") || req.Method != http.MethodPost:
		return refusal(40066)
	case q.Get("access_token") != f.token():
		return refusal(40001)
	case len(f.forced) > 0:
		code := f.forced[0]
		f.forced = f.forced[1:]
		return refusal(code)
	case body["touser"] == "stranger":
		return refusal(43004)
	case body["template_id"] != "tmpl":
		return refusal(40037)
	case !fits(body["data"]):
		return refusal(47003)
	}
	f.paths, f.bodies = append(f.paths, req.URL.Path), append(f.bodies, body)
	return map[string]any{"errcode": 0, "errmsg": "ok", "msgid": 1}
}

func (f *fake) grant(id, secret string) map[string]any {
	if id != "wx0123" || secret != appSecret {
		return map[string]any{"errcode": 40164, "errmsg": "invalid ip or secret " + secret}
	}
	f.tokens++
	return map[string]any{"access_token": f.token(), "expires_in": 7200}
}

func (f *fake) token() string { return fmt.Sprintf("TOKEN-%d", f.tokens) }

func fits(data any) bool {
	o, ok := data.(map[string]any)
	for name, v := range o {
		inner, _ := v.(map[string]any)
		text, isText := inner["value"].(string)
		limit := map[string]int{"thing": 20, "character_string": 32}[strings.TrimRight(name, "0123456789")]
		if !isText || text == "" || limit > 0 && utf8.RuneCountInString(text) > limit {
			return false
		}
	}
	return ok && len(o) > 0
}

func (f *fake) last() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.bodies) == 0 {
		return ""
	}
	return f.paths[len(f.paths)-1] + " " + connectortest.JSON(f.bodies[len(f.bodies)-1])
}

func props(url string, more map[string]any) map[string]any {
	out := map[string]any{"server": url, "appId": "wx0123", "appSecret": appSecret, "toUser": "{{.openid}}", "templateId": "tmpl"}
	maps.Copy(out, more)
	return out
}

func open(t *testing.T, r *connector.Registry, p map[string]any) *sink {
	t.Helper()
	return connectortest.OpenSink(t, r, "wechat", p, connectortest.Quiet()).(*sink)
}

func registry() *connector.Registry { return connectortest.Registry(Register) }

func message(payload string) connector.Outbound {
	return connector.Outbound{Payload: []byte(payload), Values: map[string]string{"toUser": "openid1"}}
}

func TestSinkConforms(t *testing.T) {
	f := &fake{}
	web := connectortest.NewWeb(t, fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t)), f)
	r := registry()
	bad := message(`{"thing1":""}`)
	h := connectortest.Sink{
		Batch: 1,
		New: func(t *testing.T) connector.Sink {
			return open(t, r, props(web.URL(), map[string]any{"timeout": "20s"}))
		},
		Message: message,
		Bad:     &bad,
		Received: func(*testing.T) []string {
			f.mu.Lock()
			defer f.mu.Unlock()
			var out []string
			for _, b := range f.bodies {
				for name, v := range b["data"].(map[string]any) {
					out = append(out, fmt.Sprintf(`{%q:%s}`, name, v.(map[string]any)["value"]))
				}
			}
			return out
		},
		Break: web.Stop,
		Mend:  web.Start,
	}
	h.Run(t)
}

func TestMessages(t *testing.T) {
	for _, c := range []struct {
		props   map[string]any
		values  map[string]string
		payload string
		want    string
	}{
		{nil, nil, `{"thing1":"Boiler 1","number2":81.5}`,
			`/cgi-bin/message/template/send {"data":{"number2":{"value":"81.5"},"thing1":{"value":"Boiler 1"}},"template_id":"tmpl","touser":"openid1"}`},
		{map[string]any{"url": "https://x/{{.d}}", "miniprogramAppId": "mini", "page": "{{.p}}", "clientMsgId": "{{.m}}"},
			map[string]string{"url": "https://x/1?a=<b>", "page": "index", "clientMsgId": "id7"}, `[{"thing1":{"value":"<x>","color":"#173177"}}]`,
			`/cgi-bin/message/template/send {"client_msg_id":"id7","data":{"thing1":{"color":"#173177","value":"<x>"}},"miniprogram":{"appid":"mini","pagepath":"index"},"template_id":"tmpl","touser":"openid1","url":"https://x/1?a=<b>"}`},
		{map[string]any{"message": "notice", "page": "index"}, nil, `{"thing1":"x"}`,
			`/cgi-bin/message/subscribe/bizsend {"data":{"thing1":{"value":"x"}},"page":"index","template_id":"tmpl","touser":"openid1"}`},
		{map[string]any{"message": "miniprogram"}, nil, `{"thing1":"x"}`,
			`/cgi-bin/message/subscribe/send {"data":{"thing1":{"value":"x"}},"template_id":"tmpl","touser":"openid1"}`},
		{nil, nil, `{"thing1":"` + strings.Repeat("锅", 21) + `","character_string2":"` + strings.Repeat("x", 40) + `","time3":"` + strings.Repeat("t", 40) + `"}`,
			`/cgi-bin/message/template/send {"data":{"character_string2":{"value":"` + strings.Repeat("x", 31) + `…"},"thing1":{"value":"` + strings.Repeat("锅", 19) +
				`…"},"time3":{"value":"` + strings.Repeat("t", 40) + `"}},"template_id":"tmpl","touser":"openid1"}`},
	} {
		f := &fake{}
		s := open(t, registry(), props("http://wechat", c.props))
		s.client = connectortest.Direct(f)
		m := message(c.payload)
		maps.Copy(m.Values, c.values)
		if err := s.Write(t.Context(), []connector.Outbound{m}); err != nil || f.last() != c.want {
			t.Errorf("%v:\n got %s %v\nwant %s", c.props, f.last(), err, c.want)
		}
	}
}

func TestAnswers(t *testing.T) {
	f := &fake{}
	s := open(t, registry(), props("http://wechat", nil))
	s.client = connectortest.Direct(f)
	for code, want := range map[int]string{-1: "retry", 45009: "after 1h0m0s", 43004: "permanent", 43101: "permanent", 40003: "permanent", 40037: "permanent", 47003: "permanent"} {
		f.forced = []int{code}
		if err := s.Write(t.Context(), []connector.Outbound{message(`{"thing1":"x"}`)}); connectortest.Class(err) != want || !strings.Contains(err.Error(), fmt.Sprint(code)) || strings.Contains(err.Error(), "TOKEN-") {
			t.Errorf("%d is %s: %v", code, connectortest.Class(err), err)
		}
	}
	for _, code := range []int{40001, 40014, 42001} { // the token: once more with another one
		f.forced = []int{code}
		before := f.tokens
		if err := s.Write(t.Context(), []connector.Outbound{message(`{"thing1":"x"}`)}); err != nil || f.tokens != before+1 {
			t.Errorf("%d: %v, %d tokens", code, err, f.tokens-before)
		}
	}
	for payload, want := range map[string]string{"text": "no JSON object", "{}": "no keyword", `{"thing1":{"color":"red"}}`: `keyword "thing1" has no value`} {
		if err := s.Write(t.Context(), []connector.Outbound{message(payload)}); connectortest.Class(err) != "permanent" || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", payload, err)
		}
	}
}

// One token for all sinks of the account, fetched again before it ends; in both
// ways of fetching it.
func TestTokensAreShared(t *testing.T) {
	for _, stable := range []bool{true, false} {
		f := &fake{}
		r := registry()
		synctest.Test(t, func(t *testing.T) {
			for round := range 3 {
				for i := range 4 {
					s := open(t, r, props("http://wechat", map[string]any{"stableToken": stable, "message": []any{"template", "notice"}[i%2].(string)}))
					s.client = connectortest.Direct(f)
					if err := s.Write(t.Context(), []connector.Outbound{message(`{"thing1":"x"}`)}); err != nil {
						t.Fatal(err)
					}
				}
				if f.tokens != round+1 || stable != (f.stable == f.tokens) {
					t.Errorf("round %d: %d tokens, %d of them stable", round, f.tokens, f.stable)
				}
				time.Sleep(116 * time.Minute)
			}
			f.tokens += 5 // somebody else has fetched one
			s := open(t, r, props("http://wechat", map[string]any{"stableToken": stable}))
			s.client = connectortest.Direct(f)
			time.Sleep(time.Minute)
			if err := s.Write(t.Context(), []connector.Outbound{message(`{"thing1":"x"}`)}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWrongCredentialsAndServers(t *testing.T) {
	server := httptest.NewServer(&fake{})
	defer server.Close()
	expired, trust := servers.Expired(t)
	for _, c := range []struct {
		more map[string]any
		want string
	}{
		{map[string]any{"appSecret": "NOT-IT"}, "check appId, appSecret and the list of allowed addresses"},
		{map[string]any{"appSecret": "NOT-IT", "stableToken": false}, "40164"},
		{map[string]any{"server": fmt.Sprintf("http://127.0.0.1:%d", servers.FreePort(t)), "stableToken": false}, "refused"},
		{map[string]any{"server": "https://" + expired, "rootCaPath": trust}, "expired"},
	} {
		s := open(t, registry(), props(server.URL, c.more))
		err := s.Write(t.Context(), []connector.Outbound{message(`{"thing1":"x"}`)})
		if connectortest.Class(err) != "retry" || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "NOT-IT") || strings.Contains(err.Error(), appSecret) {
			t.Errorf("%v: %v", c.more, err)
		}
	}
}

func TestMistakes(t *testing.T) {
	info, err := registry().Sink("wechat")
	if err != nil {
		t.Fatal(err)
	}
	for want, more := range map[string]map[string]any{
		`property "appSecret" is missing`:                            {"appSecret": ""},
		`property "message": there are template, notice`:             {"message": "sms"},
		`are for template messages alone`:                            {"message": "notice", "url": "https://x"},
		`property "miniprogramAppId" is missing`:                     {"page": "x"},
		`property "server": "wechat" is no address`:                  {"server": "wechat"},
		`property "timeout" must be positive`:                        {"timeout": 0},
		`property "stableToken": true or false is wanted`:            {"stableToken": "perhaps"},
		`unknown property "template_id"; did you mean "templateId"?`: {"template_id": "x"},
	} {
		if _, err := info.Decode(props("http://h", more), connectortest.Quiet()); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), appSecret) {
			t.Errorf("%v:\n got %v\nwant %s", more, err, want)
		}
	}
}

func FuzzKeywords(f *testing.F) {
	f.Add([]byte(`{"thing1":"锅炉","a":{"value":1}}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		data, err := keywords(payload)
		if (data == nil) == (err == nil) {
			t.Errorf("%v and %v", data, err)
		}
		for name, v := range data {
			limit := longest[strings.TrimRight(name, "0123456789")]
			if text, ok := v.(map[string]any)["value"].(string); !ok || limit > 0 && utf8.RuneCountInString(text) > limit {
				t.Errorf("%s is %q", name, text)
			}
		}
	})
}

// A sink can be tried without a message.
func TestPing(t *testing.T) {
	f := &fake{}
	server := httptest.NewServer(f)
	defer server.Close()
	if err := open(t, registry(), props(server.URL, nil)).Ping(t.Context()); err != nil || f.tokens != 1 || len(f.bodies) > 0 {
		t.Error(err)
	}
	if err := open(t, registry(), props(server.URL, map[string]any{"appSecret": "NOT-IT"})).Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "check appId") || strings.Contains(err.Error(), "NOT-IT") {
		t.Error(err)
	}
}
