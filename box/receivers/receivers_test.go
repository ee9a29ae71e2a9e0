package receivers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"sluice/box/broker"
)

func post(h http.Handler, url, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", url, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func text(content string) string {
	b, _ := json.Marshal(map[string]any{"msgtype": "text", "text": map[string]string{"content": content}})
	return string(b)
}

func TestWeCom(t *testing.T) {
	inbox := NewInbox(nil)
	robot := NewWeCom("secret", inbox)
	markdown := `{"msgtype":"markdown","markdown":{"content":"### Boiler too hot\n>device: boiler-1\n>temperature: <font color=\"warning\">81.5</font> degC"}}`
	for _, c := range []struct {
		key, body string
		code      int
	}{
		{"wrong", text("x"), 93000},
		{"secret", `{"msgtype":"text"`, 47001},
		{"secret", `{"msgtype":"fax","fax":{}}`, 40008},
		{"secret", `{"text":{"content":"x"}}`, 40008},
		{"secret", `{"msgtype":"markdown","text":{"content":"x"}}`, 44004},
		{"secret", text(" \n"), 44004},
		{"secret", text(strings.Repeat("锅", 683)), 40058}, // 2,049 bytes in 683 characters
		{"secret", text(strings.Repeat("x", 2048)), 0},
		{"secret", markdown, 0},
	} {
		w := post(robot, "/cgi-bin/webhook/send?key="+c.key, c.body)
		var got struct {
			Code int    `json:"errcode"`
			Text string `json:"errmsg"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if w.Code != 200 || got.Code != c.code || got.Text == "" {
			t.Errorf("%.40s: %d %+v, want %d", c.body, w.Code, got, c.code)
		}
	}
	all := inbox.Received()
	if len(all) != 2 {
		t.Fatalf("accepted %d", len(all))
	}
	if m := all[1]; m.Device != "boiler-1" || m.Text != "Boiler too hot · temperature: 81.5 degC" {
		t.Errorf("message %+v", m)
	}
}

func TestWeComTwentyAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		robot := NewWeCom("k", NewInbox(nil))
		send := func() string { return post(robot, "/?key=k", text("x")).Body.String() }
		for i := range 20 {
			if got := send(); !strings.Contains(got, `"errcode":0`) {
				t.Fatalf("message %d: %s", i, got)
			}
			time.Sleep(time.Second)
		}
		if got := send(); !strings.Contains(got, "45009") {
			t.Errorf("message 21: %s", got)
		}
		time.Sleep(40 * time.Second) // the first is a minute old
		if got := send(); !strings.Contains(got, `"errcode":0`) {
			t.Errorf("after a minute: %s", got)
		}
		if got := send(); !strings.Contains(got, "45009") {
			t.Errorf("two in place of one: %s", got)
		}
	})
}

func TestERP(t *testing.T) {
	inbox := NewInbox(nil)
	erp := NewERP("token", inbox)
	good := `{"device":"boiler-1","quantity":"temperature","value":81.5,"unit":"degC","severity":"high","text":"boiler too hot"}`
	for _, c := range []struct {
		token, kind, body string
		status            int
		fragment          string
	}{
		{"", "application/json", good, 401, "bearer token"},
		{"Bearer nope", "application/json", good, 401, "bearer token"},
		{"token", "application/json", good, 401, "bearer token"},
		{"Bearer token", "text/plain", good, 415, "application/json"},
		{"Bearer token", "", good, 415, "application/json"},
		{"Bearer token", "application/json", `{`, 400, "unexpected EOF"},
		{"Bearer token", "application/json", `[` + good + `]`, 400, "cannot unmarshal array"},
		{"Bearer token", "application/json", good + good, 400, "follows"},
		{"Bearer token", "application/json", `{"devise":"x"}`, 400, `unknown field \"devise\"`},
		{"Bearer token", "application/json", strings.Replace(good, "81.5", `"hot"`, 1), 400, "value"},
		{"Bearer token", "application/json", strings.Replace(good, "high", "bad", 1), 400, "severity"},
		{"Bearer token", "application/json", `{"severity":"low","value":1}`, 400, "device is required"},
		{"Bearer token", "application/json; charset=utf-8", good, 201, `"id":1`},
	} {
		w := post(erp, "/erp/alarms", c.body, "Authorization", c.token, "Content-Type", c.kind)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.fragment) {
			t.Errorf("%s %s: %d %s, want %d %s", c.token, c.body, w.Code, w.Body, c.status, c.fragment)
		}
	}
	if all := inbox.Received(); len(all) != 1 || all[0].Device != "boiler-1" || all[0].Text != "boiler too hot (temperature 81.5 degC, high)" {
		t.Errorf("received %+v", all)
	}
}

func TestCloud(t *testing.T) {
	b, err := broker.Start(broker.Options{Name: "cloud", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	shown := make(chan Message, 10)
	cloud, err := OpenCloud(b.Addr(), "cloud/alarms", NewInbox(func(m Message) { shown <- m }))
	if err != nil {
		t.Fatal(err)
	}
	defer cloud.Close()
	sender := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + b.Addr()).SetClientID("sender"))
	if err := settled(sender.Connect()); err != nil {
		t.Fatal(err)
	}
	defer sender.Disconnect(0)
	for payload, want := range map[string]Message{
		`{"device":"boiler-1","text":"too hot"}`: {Device: "boiler-1", Text: "too hot"},
		`{"device":"boiler-1","v":1}`:            {Device: "boiler-1", Text: `{"device":"boiler-1","v":1}`},
		`just words`:                             {Text: "just words"},
	} {
		if err := settled(sender.Publish("cloud/alarms", 1, false, payload)); err != nil {
			t.Fatal(err)
		}
		select {
		case m := <-shown:
			if m.Target != "cloud" || m.Device != want.Device || m.Text != want.Text {
				t.Errorf("%s: %+v", payload, m)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%s did not arrive", payload)
		}
	}
}

func TestCloudWithoutBroker(t *testing.T) {
	if c, err := OpenCloud("127.0.0.1:1", "cloud/alarms", NewInbox(nil)); err == nil {
		c.Close()
		t.Error("no error")
	}
}

func TestInboxKeepsTheLast(t *testing.T) {
	inbox := NewInbox(nil)
	for i := range maxMessages + 3 {
		inbox.put(Message{Target: []string{"erp", "wecom"}[i%2], Text: fmt.Sprint(i)})
	}
	all := inbox.Received()
	if len(all) != maxMessages || all[0].Text != "3" || all[maxMessages-1].Text != fmt.Sprint(maxMessages+2) {
		t.Errorf("%d from %s", len(all), all[0].Text)
	}
	w := httptest.NewRecorder()
	inbox.ServeHTTP(w, httptest.NewRequest("GET", "/received?target=wecom&last=2", nil))
	var got []Message
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[1].Text != "1001" {
		t.Errorf("got %+v", got)
	}
	w = httptest.NewRecorder()
	inbox.ServeHTTP(w, httptest.NewRequest("GET", "/received?last=x", nil))
	if w.Code != 400 {
		t.Errorf("last=x: %d", w.Code)
	}
}

func TestLine(t *testing.T) {
	m := Message{Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local), Target: "erp", Text: "hot\n\x1b[2Jnow"}
	if got, want := m.Line(), "03:04:05  erp    -           hot [2Jnow"; got != want {
		t.Errorf("line %q, want %q", got, want)
	}
	if got := m.ColourLine(); strings.Contains(got, "\x1b[2J") || !strings.Contains(got, "\x1b[36merp") {
		t.Errorf("coloured %q", got)
	}
}

func FuzzWeCom(f *testing.F) {
	f.Add([]byte(text("device: x")))
	f.Add([]byte(`{"msgtype":"markdown","markdown":{"content":"<font>\n>>"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		inbox := NewInbox(nil)
		w := post(NewWeCom("k", inbox), "/?key=k", string(body))
		if !json.Valid(w.Body.Bytes()) {
			t.Errorf("answer %q", w.Body)
		}
		for _, m := range inbox.Received() {
			if strings.ContainsAny(m.Line(), "\n\x1b") {
				t.Errorf("line %q", m.Line())
			}
		}
	})
}
