// Package wechat is the sink for messages of a WeChat official account: template
// messages and subscription notices.
package wechat

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// codes are those of WeChat that may pass; all others are for good.
var codes = connector.Codes{
	Busy:  []int{-1},
	Later: map[int]time.Duration{45009: time.Hour, 45011: time.Minute}, // the quota of a day, of a minute
	Token: []int{40001, 40014, 42001},
}

// kinds are the messages, by the path of their call.
var kinds = map[string]string{
	"template":    "/cgi-bin/message/template/send",
	"notice":      "/cgi-bin/message/subscribe/bizsend",
	"miniprogram": "/cgi-bin/message/subscribe/send",
}

// Config is the configuration of the sink.
type Config struct {
	Server     string             `prop:"server" doc:"Server of WeChat."`
	AppID      string             `prop:"appId,required" doc:"Id of the account."`
	AppSecret  connector.Secret   `prop:"appSecret,required" doc:"Secret of the account."`
	Stable     bool               `prop:"stableToken" doc:"Fetch the token by stable_token, which leaves tokens of other programs valid; otherwise by token."`
	Message    string             `prop:"message" doc:"template, notice (subscription notice of the account) or miniprogram (subscription message of a mini program)."`
	ToUser     connector.Template `prop:"toUser,required" doc:"Openid of the follower."`
	TemplateID connector.Template `prop:"templateId,required" doc:"Id of the template."`
	URL        connector.Template `prop:"url" doc:"Page that a template message opens."`
	Page       connector.Template `prop:"page" doc:"Page of the mini program that the message opens."`
	MiniAppID  string             `prop:"miniprogramAppId" doc:"Mini program that a template message opens at page."`
	MessageID  connector.Template `prop:"clientMsgId" doc:"Of template messages with the same id WeChat sends one."`
	connector.Web
}

// Validate checks what the types cannot say.
func (c *Config) Validate() error {
	switch {
	case kinds[c.Message] == "":
		return fmt.Errorf(`property "message": there are template, notice and miniprogram, not %q`, c.Message)
	case c.Message != "template" && (c.URL != "" || c.MiniAppID != "" || c.MessageID != ""):
		return errors.New(`properties "url", "miniprogramAppId" and "clientMsgId" are for template messages alone`)
	case c.Message == "template" && c.Page != "" && c.MiniAppID == "":
		return errors.New(`property "miniprogramAppId" is missing: the page of a template message is one of a mini program`)
	}
	if err := httpclient.CheckURL(c.Server); err != nil {
		return fmt.Errorf(`property "server": %w`, err)
	}
	return c.Check()
}

// Register adds the sink to r.
func Register(r *connector.Registry) {
	pool, tokens := httpclient.NewPool(), &httpclient.Tokens{}
	connector.AddSink(r, connector.SinkSpec[Config]{
		Name: "wechat",
		Summary: "Sends results to followers of a WeChat official account. The columns of a row, as dataTemplate writes them, are the keywords of the template; " +
			"values that are too long for their keyword are cut. The access token is shared by all actions of the account. " +
			"Tested against a server that checks what the interface documents; not tested against the live service.",
		Defaults: Config{Server: "https://api.weixin.qq.com", Stable: true, Message: "template", Web: connector.DefaultWeb()},
		Example: `{"appId": "wx0123", "appSecret": "secret", "toUser": "{{.openid}}", "templateId": "tmpl0123", "sendSingle": true,
 "dataTemplate": "{\"thing1\": {{json .device}}, \"number2\": {{.temperature}}}"}`,
		Batch:          1,
		Connectionless: true,
		Target:         func(c Config) string { return httpclient.Redact(c.Server) },
		New: func(c Config, _ connector.Env) (connector.Sink, error) {
			client, err := pool.Open(c.Config, c.TLS.Key(), c.Timeout, c.Deny)
			if err != nil {
				return nil, err
			}
			token := tokens.Of(strings.Join([]string{c.Server, c.AppID, c.AppSecret.Reveal()}, " "))
			return &sink{config: c, client: client, token: token}, nil
		},
	})
}
