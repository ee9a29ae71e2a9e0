package wecom

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/tests/servers"
)

func open(t *testing.T, name string, props map[string]any, log *slog.Logger) connector.Sink {
	t.Helper()
	return connectortest.OpenSink(t, connectortest.Registry(Register), name, props, connector.Env{Log: log})
}

var quiet = slog.New(slog.DiscardHandler)

func with(props map[string]any, more ...any) map[string]any {
	out := maps.Clone(props)
	for i := 0; i < len(more); i += 2 {
		out[more[i].(string)] = more[i+1]
	}
	return out
}

func robotProps(url string) map[string]any {
	return map[string]any{"server": url, "key": robotKey, "limit": ""}
}

func appProps(url string) map[string]any {
	return map[string]any{"server": url, "corpId": corpID, "corpSecret": corpSecret, "agentId": 1000002, "toUser": "a", "limit": ""}
}

// start runs a fake until the end of the test.
func start(t *testing.T) (f *fake, url string) {
	t.Helper()
	f = &fake{}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return f, server.URL
}

func TestSinksConform(t *testing.T) {
	for name, props := range map[string]func(string) map[string]any{"wecom": robotProps, "wecomapp": appProps} {
		t.Run(name, func(t *testing.T) {
			f := &fake{}
			web := connectortest.NewWeb(t, fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t)), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				f.mu.Lock()
				f.times = nil // the suite is in a hurry
				f.mu.Unlock()
				f.ServeHTTP(w, r)
			}))
			h := connectortest.Sink{
				New: func(t *testing.T) connector.Sink {
					return open(t, name, with(props(web.URL()), "timeout", "20s"), quiet)
				},
				Message:  func(p string) connector.Outbound { return connector.Outbound{Payload: []byte(p)} },
				Bad:      &connector.Outbound{},
				Received: func(*testing.T) []string { return f.contents() },
				Break:    web.Stop,
				Mend:     web.Start,
			}
			h.Run(t)
		})
	}
}

// All types of messages, as the robot gets them.
func TestRobotMessages(t *testing.T) {
	card := `{"card_type":"text_notice","main_title":{"title":"hot"},"card_action":{"type":1,"url":"https://x"}}`
	for _, c := range []struct {
		props   map[string]any
		payload string
		want    string
	}{
		{nil, "it is <hot> & \"wet\"", `{"msgtype":"text","text":{"content":"it is <hot> & \"wet\""}}`},
		{map[string]any{"mentionedList": "a, b,@all,a", "mentionedMobileList": "13800000000"}, "x",
			`{"msgtype":"text","text":{"content":"x","mentioned_list":["a","b","@all"],"mentioned_mobile_list":["13800000000"]}}`},
		{map[string]any{"msgtype": "markdown"}, `<font color="warning">81</font>`, `{"markdown":{"content":"<font color=\"warning\">81</font>"},"msgtype":"markdown"}`},
		{map[string]any{"msgtype": "markdown_v2"}, "|a|", `{"markdown_v2":{"content":"|a|"},"msgtype":"markdown_v2"}`},
		{map[string]any{"msgtype": "image"}, "\x89PNG", `{"image":{"base64":"iVBORw==","md5":"3bdaf5969285188ac756c339f69f5c79"},"msgtype":"image"}`},
		{map[string]any{"msgtype": "image"}, `{"base64":"iVBORw=="}`, `{"image":{"base64":"iVBORw==","md5":"3bdaf5969285188ac756c339f69f5c79"},"msgtype":"image"}`},
		{map[string]any{"msgtype": "news"}, `[{"title":"t","url":"https://x"}]`, `{"msgtype":"news","news":{"articles":[{"title":"t","url":"https://x"}]}}`},
		{map[string]any{"msgtype": "news"}, `{"articles":[{"title":"t","url":"https://x"}]}`, `{"msgtype":"news","news":{"articles":[{"title":"t","url":"https://x"}]}}`},
		{map[string]any{"msgtype": "file", "fileName": "report.csv"}, "device,t\n", `{"file":{"media_id":"media-0"},"msgtype":"file"}`},
		{map[string]any{"msgtype": "voice"}, "#!AMR\n....", `{"msgtype":"voice","voice":{"media_id":"media-0"}}`},
		{map[string]any{"msgtype": "file"}, `{"media_id":"KNOWN"}`, `{"file":{"media_id":"KNOWN"},"msgtype":"file"}`},
		{map[string]any{"msgtype": "template_card"}, card, `{"msgtype":"template_card","template_card":{"card_action":{"type":1,"url":"https://x"},"card_type":"text_notice","main_title":{"title":"hot"}}}`},
		{map[string]any{"msgtype": "raw"}, `[{"msgtype":"text","text":{"content":"x"}}]`, `{"msgtype":"text","text":{"content":"x"}}`},
	} {
		f, url := start(t)
		s := open(t, "wecom", with(robotProps(url), pairs(c.props)...), quiet)
		if err := s.Write(t.Context(), connectortest.Messages(c.payload)); err != nil || f.last() != c.want {
			t.Errorf("%q %v:\n got %s %v\nwant %s", c.payload, c.props, f.last(), err, c.want)
		}
	}
	f, url := start(t)
	s := open(t, "wecom", with(robotProps(url), "msgtype", "file", "fileName", "a \"b\".csv"), quiet)
	if err := s.Write(t.Context(), connectortest.Messages("content")); err != nil || f.files["media-0"] != `file a "b".csv content` {
		t.Error(err, f.files)
	}
}

func pairs(m map[string]any) (out []any) {
	for k, v := range m {
		out = append(out, k, v)
	}
	return out
}

// Payloads that cannot be sent are refused before anything is sent.
func TestRobotRefusesWhatWeComWould(t *testing.T) {
	f, url := start(t)
	for _, c := range []struct{ kind, payload, want string }{
		{"image", "", "the picture has 0 bytes"},
		{"image", strings.Repeat("x", 2<<20+1), "the picture has 2097153 bytes; WeCom takes up to 2097152"},
		{"image", `{"base64":"!"}`, `"base64" is not base64`},
		{"image", `{"a":1}`, `no text "base64"`},
		{"news", `[]`, "there are 0 articles; WeCom takes 1 to 8"},
		{"news", `[` + strings.Repeat(`{"title":"t","url":"u"},`, 8) + `{"title":"t","url":"u"}]`, "there are 9 articles"},
		{"news", `[{"url":"u"}]`, "article 0 has no title"},
		{"news", `text`, "neither an array of articles"},
		{"file", "12345", "it has 5 bytes; WeCom takes more than 5"},
		{"voice", strings.Repeat("x", 2<<20+1), "up to 2097152"},
		{"template_card", `{"card_type":"button_interaction"}`, `"card_type" is "button_interaction"`},
		{"template_card", `{"card_type":"text_notice"}`, `no "card_action"`},
		{"template_card", `{"card_type":"text_notice","card_action":{"type":1}}`, `neither "main_title.title"`},
		{"template_card", `{"card_type":"news_notice","card_action":{"type":1},"sub_title_text":"x"}`, `wants a "card_image"`},
		{"template_card", `{"card_type":"text_notice","card_action":{"type":1},"sub_title_text":"x","horizontal_content_list":[1,2,3,4,5,6,7]}`, "has 7 rows; WeCom takes 6"},
		{"template_card", `{"card_type":"text_notice","card_action":{"type":1},"sub_title_text":"x","jump_list":[1,2,3,4]}`, "has 4 entries; WeCom takes 3"},
		{"template_card", `{"card_type":1}`, "the card:"},
		{"template_card", `text`, "no JSON object"},
		{"raw", `{"msgtype":"text"}`, `no "msgtype" with an object`},
	} {
		s := open(t, "wecom", with(robotProps(url), "msgtype", c.kind), quiet)
		err := s.Write(t.Context(), connectortest.Messages(c.payload))
		var permanent *connector.Permanent
		if !errors.As(err, &permanent) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %.60s:\n got %v\nwant %s", c.kind, c.payload, err, c.want)
		}
	}
	if len(f.contents()) > 0 {
		t.Error("something was sent")
	}
}

// A text that is too long is cut between two characters.
func TestLongTextsAreCut(t *testing.T) {
	f, url := start(t)
	for kind, limit := range map[string]int{"text": 2048, "markdown": 4096} {
		for pad := range 4 {
			text := strings.Repeat("x", pad) + strings.Repeat("锅炉", 1000)
			if err := open(t, "wecom", with(robotProps(url), "msgtype", kind), quiet).Write(t.Context(), connectortest.Messages(text)); err != nil {
				t.Fatal(err)
			}
			got := f.contents()[len(f.contents())-1]
			if len(got) > limit || len(got) < limit-3 || !strings.HasPrefix(text, strings.TrimSuffix(got, "…")) || !strings.HasSuffix(got, "…") {
				t.Errorf("%s: %d bytes, ends with %q", kind, len(got), got[len(got)-9:])
			}
		}
	}
}

// Five alarms a second for ten minutes: the robot gets no more than 20 in any
// minute, and hears of each alarm.
func TestRobotHoldsItsRate(t *testing.T) {
	f := &fake{}
	s := open(t, "wecom", map[string]any{"key": robotKey, "mentionedList": "{{.who}}"}, quiet)
	s.(*robot).client = connectortest.Direct(f)
	synctest.Test(t, func(t *testing.T) {
		const alarms = 3000
		begin := time.Now()
		queued, sent := 0, 0
		for sent < alarms {
			queued = min(alarms, 1+int(time.Since(begin)/(200*time.Millisecond)))
			var batch []connector.Outbound
			for sent+len(batch) < queued && len(batch) < most {
				n := sent + len(batch)
				batch = append(batch, connector.Outbound{Payload: fmt.Appendf(nil, "alarm %d", n%7), Values: map[string]string{"mentionedList": fmt.Sprint("user", n%3)}})
			}
			if len(batch) == 0 {
				time.Sleep(50 * time.Millisecond)
				continue
			}
			if err := s.Write(t.Context(), batch); err != nil {
				t.Fatal(err)
			}
			sent += len(batch)
		}
		if got := len(f.contents()); got > 205 {
			t.Errorf("%d messages in %s", got, time.Since(begin))
		}
		told := 0
		for _, text := range f.contents() {
			n := 1
			_, _ = fmt.Sscanf(text, "%d messages:", &n)
			told += n
		}
		if told != alarms {
			t.Errorf("the robot heard of %d alarms", told)
		}
		last := f.last()
		if !strings.Contains(last, "(× ") || !strings.Contains(last, `"mentioned_list":["user`) || !strings.Contains(last, "user0") || !strings.Contains(last, "user2") {
			t.Error(last)
		}
	})
}

// Cards and files that come too fast are told of by their titles.
func TestDigestOfOtherTypes(t *testing.T) {
	for kind, c := range map[string]struct{ payload, line string }{
		"template_card": {`{"card_type":"text_notice","main_title":{"title":"too hot"},"card_action":{"type":1}}`, "too hot (× 3)"},
		"news":          {`[{"title":"story","url":"u"}]`, "story (× 3)"},
		"file":          {"content", "file log.csv (× 3)"},
		"raw":           {`{"msgtype":"markdown","markdown":{"content":"inside"}}`, "inside (× 3)"},
		"image":         {"picture", "image log.csv (× 3)"},
	} {
		f := &fake{}
		s := open(t, "wecom", map[string]any{"key": robotKey, "msgtype": kind, "fileName": "log.csv", "limit": "1/1h"}, quiet)
		s.(*robot).client = connectortest.Direct(f)
		if err := s.Write(t.Context(), connectortest.Messages(c.payload, c.payload, c.payload)); err != nil {
			t.Error(kind, err)
			continue
		}
		if got := f.contents(); len(got) != 1 || got[0] != "3 messages:\n"+c.line {
			t.Errorf("%s: %q", kind, got)
		}
	}
}

// The codes of answers are the classes of errors; no error shows a key.
func TestAnswers(t *testing.T) {
	f, url := start(t)
	for code, want := range map[int]string{-1: "retry", 45009: "after 1m0s", 45033: "retry", 93000: "permanent", 40008: "permanent", 40035: "permanent", 44004: "permanent"} {
		f.forced = []int{code}
		err := open(t, "wecom", robotProps(url), quiet).Write(t.Context(), connectortest.Messages("x"))
		if connectortest.Class(err) != want || !strings.Contains(err.Error(), fmt.Sprint(code)) || strings.Contains(err.Error(), robotKey) {
			t.Errorf("%d is %s: %v", code, connectortest.Class(err), err)
		}
	}
	f.status = 502
	if err := open(t, "wecom", robotProps(url), quiet).Write(t.Context(), connectortest.Messages("")); connectortest.Class(err) != "retry" {
		t.Error(err)
	}
	f.status = 0
	err := open(t, "wecom", with(robotProps(url), "key", "WRONG-KEY"), quiet).Write(t.Context(), connectortest.Messages("x"))
	if connectortest.Class(err) != "permanent" || strings.Contains(err.Error(), "WRONG-KEY") || !strings.Contains(err.Error(), "invalid webhook url") {
		t.Error(err)
	}
}

func FuzzPayloads(f *testing.F) {
	for _, s := range []string{`{"base64":"eA=="}`, `[{"title":"t","url":"u"}]`, `{"card_type":"text_notice","card_action":{"type":1},"sub_title_text":"x"}`,
		`{"msgtype":"text","text":{"content":"x"}}`, "\xff"} {
		f.Add([]byte(s))
	}
	kinds := map[string]func([]byte) (any, error){"image": imageOf, "news": newsOf, "template_card": cardOf, "raw": rawOf}
	f.Fuzz(func(t *testing.T, payload []byte) {
		for kind, read := range kinds {
			body, err := read(payload)
			if (body == nil) == (err == nil) {
				t.Errorf("%s: %v and %v", kind, body, err)
			}
			_ = titleOf(payload, kind)
		}
	})
}
