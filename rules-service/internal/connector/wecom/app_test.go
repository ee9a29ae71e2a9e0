package wecom

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
)

// Messages of an application, as WeCom gets them.
func TestAppMessages(t *testing.T) {
	check := `"duplicate_check_interval":1800,"enable_duplicate_check":1,`
	for _, c := range []struct {
		props   map[string]any
		values  map[string]string
		payload string
		want    string
	}{
		{nil, nil, "hot", `{"agentid":1000002,` + check + `"msgtype":"text","safe":0,"text":{"content":"hot"},"toparty":"","totag":"","touser":"a"}`},
		{map[string]any{"toUser": "{{.u}}", "toParty": "1,2", "toTag": "t", "safe": true, "duplicateCheckInterval": 0}, map[string]string{"toUser": "a, b|c|a"},
			"hot", `{"agentid":1000002,"msgtype":"text","safe":1,"text":{"content":"hot"},"toparty":"1|2","totag":"t","touser":"a|b|c"}`},
		{map[string]any{"msgtype": "textcard"}, nil, `{"title":"t","description":"d","url":"u"}`,
			`{"agentid":1000002,` + check + `"msgtype":"textcard","safe":0,"textcard":{"description":"d","title":"t","url":"u"},"toparty":"","totag":"","touser":"a"}`},
		{map[string]any{"msgtype": "raw"}, nil, `{"msgtype":"markdown","markdown":{"content":"x"},"agentid":7}`,
			`{"agentid":1000002,` + check + `"markdown":{"content":"x"},"msgtype":"markdown","safe":0,"toparty":"","totag":"","touser":"a"}`},
	} {
		f, url := start(t)
		s := open(t, "wecomapp", with(appProps(url), pairs(c.props)...), quiet)
		if err := s.Write(t.Context(), []connector.Outbound{{Payload: []byte(c.payload), Values: c.values}}); err != nil || f.last() != c.want {
			t.Errorf("%v:\n got %s %v\nwant %s", c.props, f.last(), err, c.want)
		}
	}
	f, url := start(t)
	for kind, payload := range map[string]string{"textcard": "text", "raw": `{"msgtype":"x"}`} {
		if err := open(t, "wecomapp", with(appProps(url), "msgtype", kind), quiet).Write(t.Context(), connectortest.Messages(payload)); connectortest.Class(err) != "permanent" {
			t.Error(kind, err)
		}
	}
	if f.tokens != 0 {
		t.Error("a token was fetched for what cannot be sent")
	}
}

// All sinks of an application share a token, which is fetched once, again when
// WeCom refuses it, and again before it ends.
func TestTokensAreShared(t *testing.T) {
	f := &fake{}
	r := connectortest.Registry(Register)
	var sinks []*app
	for i := range 5 {
		s := connectortest.OpenSink(t, r, "wecomapp", with(appProps("http://wecom"), "toUser", fmt.Sprint("user", i), "timeout", fmt.Sprint(i+1, "s")), connectortest.Quiet()).(*app)
		sinks = append(sinks, s)
		s.client = connectortest.Direct(f)
	}
	all := func(t *testing.T) {
		t.Helper()
		var done sync.WaitGroup
		for _, s := range sinks {
			done.Go(func() {
				if err := s.Write(t.Context(), connectortest.Messages("x")); err != nil {
					t.Error(err)
				}
			})
		}
		done.Wait()
		time.Sleep(time.Minute) // of WeCom's own limit
	}
	synctest.Test(t, func(t *testing.T) {
		all(t)
		if f.tokens != 1 {
			t.Errorf("%d tokens were fetched for %d sinks", f.tokens, len(sinks))
		}
		f.tokens = 7 // somebody else has fetched one: ours is refused
		all(t)
		if f.tokens != 8 {
			t.Errorf("after a refusal %d tokens were fetched", f.tokens-7)
		}
		before := f.refused
		time.Sleep(116 * time.Minute)
		all(t)
		if f.tokens != 9 || f.refused != before {
			t.Errorf("%d tokens, %d refusals", f.tokens, f.refused)
		}
	})
}

func TestWrongSecretOfApp(t *testing.T) {
	_, url := start(t)
	err := open(t, "wecomapp", with(appProps(url), "corpSecret", "NOT-THE-SECRET"), quiet).Write(t.Context(), connectortest.Messages("x"))
	if connectortest.Class(err) != "retry" || !strings.Contains(err.Error(), "check corpId and corpSecret") || !strings.Contains(err.Error(), "40013") || strings.Contains(err.Error(), "NOT-THE-SECRET") {
		t.Error(err)
	}
}

// A token that is refused again and again is tried again later.
func TestTokenThatNeverWorks(t *testing.T) {
	f, url := start(t)
	f.forced = []int{42001, 40014}
	if err := open(t, "wecomapp", appProps(url), quiet).Write(t.Context(), connectortest.Messages("x")); connectortest.Class(err) != "retry" || strings.Contains(err.Error(), "TOKEN-") {
		t.Error(err)
	}
}

// What waits goes together for each set of recipients.
func TestAppDigest(t *testing.T) {
	f := &fake{}
	s := open(t, "wecomapp", with(appProps("http://wecom"), "toUser", "{{.u}}", "limit", "2/1m"), quiet)
	s.(*app).client = connectortest.Direct(f)
	synctest.Test(t, func(t *testing.T) {
		msg := func(user, text string) connector.Outbound {
			return connector.Outbound{Payload: []byte(text), Values: map[string]string{"toUser": user}}
		}
		if err := s.Write(t.Context(), []connector.Outbound{msg("a,b", "1"), msg("a|b", "2"), msg("c", "3"), msg("a", "4")}); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%q", f.contents()); got != `["2 messages:\n1\n2" "3" "4"]` {
			t.Error(got)
		}
	})
}

// Members that a message does not reach are told of when that changes.
func TestMembersThatAreMissed(t *testing.T) {
	f, url := start(t)
	var log bytes.Buffer
	s := open(t, "wecomapp", appProps(url), slog.New(slog.NewTextHandler(&log, nil)))
	for _, missed := range []string{"", "bob", "bob", "", "", "eve"} {
		f.missed = missed
		if err := s.Write(t.Context(), connectortest.Messages("x")); err != nil {
			t.Fatal(err)
		}
	}
	if text := log.String(); strings.Count(text, "do not reach all") != 2 || !strings.Contains(text, "invaliduser: bob") || !strings.Contains(text, "eve") {
		t.Error(text)
	}
}
