package wecom

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/tests/servers"
)

func TestUnreachable(t *testing.T) {
	expired, trust := servers.Expired(t)
	free := fmt.Sprintf("http://127.0.0.1:%d", servers.FreePort(t))
	for name, props := range map[string]func(string) map[string]any{"wecom": robotProps, "wecomapp": appProps} {
		for server, want := range map[string]string{free: "refused", "https://" + expired: "expired"} {
			err := open(t, name, with(props(server), "rootCaPath", trust), quiet).Write(t.Context(), connectortest.Messages("x"))
			if connectortest.Class(err) != "retry" || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), robotKey) || strings.Contains(err.Error(), corpSecret) {
				t.Errorf("%s at %s: %v", name, server, err)
			}
		}
	}
}

func TestMistakes(t *testing.T) {
	r := connectortest.Registry(Register)
	for _, c := range []struct {
		sink  string
		props map[string]any
		want  string
	}{
		{"wecom", map[string]any{}, `give one of the properties "url" and "key"`},
		{"wecom", map[string]any{"key": "K", "url": "https://h?key=K"}, `give one of the properties "url" and "key"`},
		{"wecom", map[string]any{"url": "https://h/cgi-bin/webhook/send"}, `property "url" has no key`},
		{"wecom", map[string]any{"url": "h?key=TOPSECRET"}, `property "url": "`},
		{"wecom", map[string]any{"key": "K", "server": "h"}, `property "server": "h" is no address`},
		{"wecom", map[string]any{"key": "K", "msgtype": "sms"}, `property "msgtype": "sms" is unknown; there are text, markdown`},
		{"wecom", map[string]any{"key": "K", "msgtype": "markdown", "mentionedList": "a"}, `are for texts alone`},
		{"wecom", map[string]any{"key": "K", "limit": "often"}, `property "limit": "often" is no rate`},
		{"wecom", map[string]any{"key": "K", "timeout": "-1s"}, `property "timeout" must be positive`},
		{"wecom", map[string]any{"key": []any{1, 2}}, `property "key": a text is wanted, not a list`},
		{"wecom", map[string]any{"keys": "K"}, `unknown property "keys"; did you mean "key"?`},
		{"wecomapp", map[string]any{"corpId": ""}, `property "corpId" is missing`},
		{"wecomapp", map[string]any{"toUser": ""}, `give at least one of the properties "toUser", "toParty" and "toTag"`},
		{"wecomapp", map[string]any{"msgtype": "markdown_v2"}, `property "msgtype": "markdown_v2" is unknown`},
		{"wecomapp", map[string]any{"duplicateCheckInterval": "5h"}, `property "duplicateCheckInterval" must be 0 to 4h0m0s`},
		{"wecomapp", map[string]any{"agentId": "many"}, `property "agentId": a whole number is wanted`},
		{"wecomapp", map[string]any{"server": "qyapi"}, `property "server": "qyapi" is no address`},
		{"wecomapp", map[string]any{"limit": "1/x"}, `property "limit"`},
	} {
		info, err := r.Sink(c.sink)
		if err != nil {
			t.Fatal(err)
		}
		props := c.props
		if c.sink == "wecomapp" {
			props = with(appProps("http://h"), pairs(c.props)...)
		}
		_, err = info.Decode(props, connector.Env{Log: quiet})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "TOPSECRET") {
			t.Errorf("%v:\n got %v\nwant %s", c.props, err, c.want)
		}
	}
}

// The whole address of a robot, as WeCom shows it, serves as well as its key.
func TestRobotByURL(t *testing.T) {
	f, url := start(t)
	s := open(t, "wecom", map[string]any{"url": url + "/cgi-bin/webhook/send?key=" + robotKey, "limit": ""}, quiet)
	if err := s.Write(t.Context(), connectortest.Messages("x")); err != nil || len(f.contents()) != 1 {
		t.Error(err)
	}
}

// A sink can be tried without a message.
func TestPing(t *testing.T) {
	f, url := start(t)
	free := fmt.Sprintf("http://127.0.0.1:%d", servers.FreePort(t))
	for name, props := range map[string]func(string) map[string]any{"wecom": robotProps, "wecomapp": appProps} {
		if err := open(t, name, props(url), quiet).(connector.Pinger).Ping(t.Context()); err != nil {
			t.Error(name, err)
		}
		if err := open(t, name, props(free), quiet).(connector.Pinger).Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "refused") {
			t.Error(name, err)
		}
	}
	if f.tokens != 1 || len(f.contents()) > 0 {
		t.Errorf("%d tokens, %d messages", f.tokens, len(f.contents()))
	}
}

// An upload that fails is judged as a message is.
func TestUploads(t *testing.T) {
	for answer, want := range map[string]string{
		`{"errcode":45009,"errmsg":"too often"}`: "after 1m0s",
		`{"errcode":40006,"errmsg":"empty"}`:     "permanent",
		`{"errcode":0,"errmsg":"ok"}`:            "retry", // without a media_id
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) }))
		err := open(t, "wecom", with(robotProps(server.URL), "msgtype", "file"), quiet).Write(t.Context(), connectortest.Messages("content"))
		server.Close()
		if connectortest.Class(err) != want || strings.Contains(err.Error(), robotKey) {
			t.Errorf("%s: %v", answer, err)
		}
	}
}
