package wechat

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// sink sends messages of one account.
type sink struct {
	config Config
	client *http.Client
	token  *httpclient.Token
}

// Connect reaches nobody: the token is fetched when there is something to send.
func (s *sink) Connect(context.Context) error { return nil }

// Write is given one message at a time.
func (s *sink) Write(ctx context.Context, msgs []connector.Outbound) error {
	for i := range msgs {
		if err := s.send(ctx, &msgs[i]); err != nil {
			return err
		}
	}
	return nil
}

// Close has nothing to end.
func (s *sink) Close(context.Context) error { return nil }

// Ping finds out whether WeChat gives out a token.
func (s *sink) Ping(ctx context.Context) error {
	_, err := s.token.Get(ctx, s.fetch)
	return err
}

// send sends a message; when the token is refused, once more with another one.
func (s *sink) send(ctx context.Context, m *connector.Outbound) error {
	body, err := s.body(m)
	if err != nil {
		return &connector.Permanent{Err: err}
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

func (s *sink) post(ctx context.Context, token string, body any) (connector.Outcome, error) {
	a, err := httpclient.PostJSON(ctx, s.client, httpclient.Join(s.config.Server, kinds[s.config.Message], url.Values{"access_token": {token}}), body)
	if err != nil {
		return connector.Outcome{}, err
	}
	code, ok := a.Code("errcode")
	return connector.Outcome{OK: a.OK(), Passing: a.Passing(), Code: code, Coded: ok, After: a.RetryAfter(),
		Failure: a.Failure(token, s.config.AppSecret.Reveal())}, nil
}

func (s *sink) body(m *connector.Outbound) (map[string]any, error) {
	data, err := keywords(m.Payload)
	if err != nil {
		return nil, err
	}
	c := &s.config
	body := map[string]any{"touser": m.Value("toUser", string(c.ToUser)), "template_id": m.Value("templateId", string(c.TemplateID)), "data": data}
	set := func(name, value string) {
		if value != "" {
			body[name] = value
		}
	}
	page := m.Value("page", string(c.Page))
	if c.Message != "template" {
		set("page", page)
		return body, nil
	}
	set("url", m.Value("url", string(c.URL)))
	set("client_msg_id", m.Value("clientMsgId", string(c.MessageID)))
	if c.MiniAppID != "" {
		body["miniprogram"] = map[string]string{"appid": c.MiniAppID, "pagepath": page}
	}
	return body, nil
}

// fetch asks for an access token.
func (s *sink) fetch(ctx context.Context) (string, time.Duration, error) {
	a, err := s.askToken(ctx)
	if err != nil {
		return "", 0, err
	}
	var answer struct {
		Token   string `json:"access_token"`
		Seconds int    `json:"expires_in"`
	}
	if err := json.Unmarshal(a.Body, &answer); err != nil || answer.Token == "" {
		return "", 0, fmt.Errorf("access token: %w; check appId, appSecret and the list of allowed addresses", a.Failure(s.config.AppSecret.Reveal()))
	}
	return answer.Token, time.Duration(answer.Seconds) * time.Second, nil
}

func (s *sink) askToken(ctx context.Context) (*httpclient.Answer, error) {
	c := &s.config
	if !c.Stable {
		return httpclient.GetJSON(ctx, s.client, httpclient.Join(c.Server, "/cgi-bin/token",
			url.Values{"grant_type": {"client_credential"}, "appid": {c.AppID}, "secret": {c.AppSecret.Reveal()}}))
	}
	return httpclient.PostJSON(ctx, s.client, httpclient.Join(c.Server, "/cgi-bin/stable_token", nil),
		map[string]any{"grant_type": "client_credential", "appid": c.AppID, "secret": c.AppSecret.Reveal(), "force_refresh": false})
}
