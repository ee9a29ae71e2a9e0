package wecom

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// AppConfig is the configuration of the sink for messages of an application.
type AppConfig struct {
	Server     string             `prop:"server" doc:"Server of WeCom."`
	CorpID     string             `prop:"corpId,required" doc:"Id of the enterprise."`
	CorpSecret connector.Secret   `prop:"corpSecret,required" doc:"Secret of the application."`
	AgentID    int                `prop:"agentId,required" doc:"Id of the application."`
	ToUser     connector.Template `prop:"toUser" doc:"User ids, with commas or | between them; @all for everyone."`
	ToParty    connector.Template `prop:"toParty" doc:"Ids of departments, likewise."`
	ToTag      connector.Template `prop:"toTag" doc:"Ids of tags, likewise."`
	Type       string             `prop:"msgtype" doc:"What the payload is: text and markdown take it as the text; textcard, news, mpnews, image, voice, video, file, miniprogram_notice and template_card as the JSON object of that type; raw as the body with its msgtype."`
	Safe       bool               `prop:"safe" doc:"The message cannot be forwarded."`
	Duplicates time.Duration      `prop:"duplicateCheckInterval" doc:"WeCom leaves out a message that is equal to one sent so short a time before, up to 4h; 0: it does not check."`
	Limit      string             `prop:"limit" doc:"Messages that a member may be sent. Half of them may be sent at once, the others evenly; texts and markdown that come faster are merged into one message for each set of recipients. Empty: no limit."`
	connector.Web
}

// mostOfApp is how many messages the sink is given at once. Those that do not go
// together wait for each other, and are all sent again after a crash meanwhile.
const mostOfApp = 30

var appTypes = []string{"text", "markdown", "textcard", "news", "mpnews", "image", "voice", "video", "file",
	"miniprogram_notice", "template_card", "raw"}

// longestCheck is the longest duplicateCheckInterval.
const longestCheck = 4 * time.Hour

// Validate checks what the types cannot say.
func (c *AppConfig) Validate() error {
	switch {
	case !slices.Contains(appTypes, c.Type):
		return fmt.Errorf(`property "msgtype": %q is unknown; there are %s`, c.Type, strings.Join(appTypes, ", "))
	case c.ToUser == "" && c.ToParty == "" && c.ToTag == "":
		return errors.New(`give at least one of the properties "toUser", "toParty" and "toTag"`)
	case c.Duplicates < 0 || c.Duplicates > longestCheck:
		return fmt.Errorf(`property "duplicateCheckInterval" must be 0 to %s`, longestCheck)
	}
	if err := httpclient.CheckURL(c.Server); err != nil {
		return fmt.Errorf(`property "server": %w`, err)
	}
	return errors.Join(checkLimit(c.Limit), c.Check())
}

func registerApp(r *connector.Registry, pool *httpclient.Pool, paces *connector.Paces, tokens *httpclient.Tokens) {
	connector.AddSink(r, connector.SinkSpec[AppConfig]{
		Name: "wecomapp",
		Summary: "Sends results to members as messages of a WeCom application. The access token is shared by all actions with the same secret. " +
			"Tested against a server that checks what the interface documents; not tested against the live service.",
		Defaults: AppConfig{Server: defaultServer, Type: "text", Limit: "30/1m", Duplicates: 30 * time.Minute, Web: connector.DefaultWeb()},
		Example: `{"corpId": "ww0123", "corpSecret": "secret", "agentId": 1000002, "toUser": "{{.owner}}", "sendSingle": true,
 "dataTemplate": "{{.device}} is too hot: {{.temperature}} °C"}`,
		Batch:          mostOfApp,
		Connectionless: true,
		Target:         func(c AppConfig) string { return httpclient.Redact(c.Server) },
		New: func(c AppConfig, env connector.Env) (connector.Sink, error) {
			client, err := pool.Open(c.Config, c.TLS.Key(), c.Timeout, c.Deny)
			if err != nil {
				return nil, err
			}
			rate, err := connector.ParseRate(c.Limit)
			if err != nil {
				return nil, err
			}
			credentials := c.Server + " " + c.CorpID + " " + c.CorpSecret.Reveal()
			s := &app{config: c, client: client, log: env.Log, token: tokens.Of(credentials)}
			s.overflow = connector.Overflow{Pace: paces.Of(credentials+" "+c.Limit, rate), Send: s.send, Joins: s.joins}
			return s, nil
		},
	})
}

// app sends messages of one application.
type app struct {
	config   AppConfig
	client   *http.Client
	log      *slog.Logger
	token    *httpclient.Token
	overflow connector.Overflow
	missed   string // who the last message did not reach
}

// Connect reaches nobody: the token is fetched when there is something to send.
func (s *app) Connect(context.Context) error { return nil }

func (s *app) Write(ctx context.Context, msgs []connector.Outbound) error {
	return s.overflow.Write(ctx, msgs)
}

// Close has nothing to end.
func (s *app) Close(context.Context) error { return nil }

// Ping finds out whether WeCom gives out a token.
func (s *app) Ping(ctx context.Context) error {
	_, err := s.token.Get(ctx, s.fetch)
	return err
}

func (s *app) recipients(m *connector.Outbound) map[string]string {
	list := func(property string, configured connector.Template) string {
		var n names
		n.add(strings.ReplaceAll(m.Value(property, string(configured)), "|", ","))
		return strings.Join(n, "|")
	}
	return map[string]string{"touser": list("toUser", s.config.ToUser), "toparty": list("toParty", s.config.ToParty),
		"totag": list("toTag", s.config.ToTag)}
}

// joins tells whether a message may go together with one before it.
func (s *app) joins(first, m *connector.Outbound) bool {
	return first == m || textBytes[s.config.Type] > 0 && maps.Equal(s.recipients(first), s.recipients(m))
}

// send sends one message, or several as one; when the token is refused, once
// more with another one.
func (s *app) send(ctx context.Context, msgs []connector.Outbound) error {
	body, err := s.body(msgs)
	if err != nil {
		return fmt.Errorf("message of type %s: %w", s.config.Type, err)
	}
	var o connector.Outcome
	err = s.token.Use(ctx, s.fetch, func(token string) (refused bool, err error) {
		o, err = s.post(ctx, token, body)
		return codes.RefusesToken(o), err
	})
	if err != nil {
		return err
	}
	return codes.Judge(o)
}

func (s *app) post(ctx context.Context, token string, body any) (connector.Outcome, error) {
	a, err := httpclient.PostJSON(ctx, s.client, httpclient.Join(s.config.Server, "/cgi-bin/message/send", url.Values{"access_token": {token}}), body)
	if err != nil {
		return connector.Outcome{}, err
	}
	s.warn(a)
	return outcomeOf(a, token, s.config.CorpSecret.Reveal()), nil
}

// warn tells, when that changes, whom messages do not reach while they reach
// others.
func (s *app) warn(a *httpclient.Answer) {
	var fields map[string]any
	if json.Unmarshal(a.Body, &fields) != nil {
		return
	}
	var missed []string
	for _, name := range []string{"invaliduser", "invalidparty", "invalidtag", "unlicenseduser"} {
		if who, _ := fields[name].(string); who != "" {
			missed = append(missed, name+": "+who)
		}
	}
	if text := strings.Join(missed, "; "); text != s.missed {
		if s.missed = text; text != "" {
			s.log.Warn("wecom messages do not reach all", "who", text)
		}
	}
}

func (s *app) body(msgs []connector.Outbound) (map[string]any, error) {
	content, kind, err := s.content(msgs)
	if err != nil {
		return nil, err
	}
	body := map[string]any{"msgtype": kind, kind: content, "agentid": s.config.AgentID, "safe": 0}
	for field, to := range s.recipients(&msgs[0]) {
		body[field] = to
	}
	if s.config.Safe {
		body["safe"] = 1
	}
	if s.config.Duplicates > 0 {
		body["enable_duplicate_check"], body["duplicate_check_interval"] = 1, int(s.config.Duplicates/time.Second)
	}
	return body, nil
}

// content is the object of the message's own type.
func (s *app) content(msgs []connector.Outbound) (content any, kind string, err error) {
	kind = s.config.Type
	if limit := textBytes[kind]; limit > 0 {
		return map[string]any{"content": s.text(msgs, limit)}, kind, nil
	}
	o, err := object(msgs[0].Payload)
	if err != nil {
		return nil, kind, err
	}
	if kind != "raw" {
		return o, kind, nil
	}
	if kind, _ = o["msgtype"].(string); o[kind] == nil {
		return nil, kind, wrong(`the body has no "msgtype" with an object of that name`)
	}
	return o[kind], kind, nil
}

func (s *app) text(msgs []connector.Outbound, limit int) string {
	if len(msgs) == 1 {
		return connector.CutText(string(msgs[0].Payload), limit)
	}
	lines := make([]string, len(msgs))
	for i := range msgs {
		lines[i] = string(msgs[i].Payload)
	}
	return connector.JoinTexts(lines, limit)
}

// fetch asks for an access token.
func (s *app) fetch(ctx context.Context) (string, time.Duration, error) {
	a, err := httpclient.GetJSON(ctx, s.client, httpclient.Join(s.config.Server, "/cgi-bin/gettoken",
		url.Values{"corpid": {s.config.CorpID}, "corpsecret": {s.config.CorpSecret.Reveal()}}))
	if err != nil {
		return "", 0, err
	}
	var answer struct {
		Token   string `json:"access_token"`
		Seconds int    `json:"expires_in"`
	}
	if err := json.Unmarshal(a.Body, &answer); err != nil || answer.Token == "" {
		return "", 0, fmt.Errorf("access token: %w; check corpId and corpSecret", a.Failure(s.config.CorpSecret.Reveal()))
	}
	return answer.Token, time.Duration(answer.Seconds) * time.Second, nil
}
