// Package dingtalk is the sink for robots of DingTalk groups.
package dingtalk

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// codes are those of DingTalk that may pass; all others, such as 310000 for a
// missing keyword or a wrong signature, are for good.
var codes = connector.Codes{
	Busy:  []int{-1},
	Later: map[int]time.Duration{130101: 10 * time.Minute, 410100: 10 * time.Minute}, // too fast: it takes nothing for so long
}

// textBytes is how long a text may be.
const textBytes = 18_000

// most is how many messages the sink is given at once: what waits for the limit
// goes into one message.
const most = 1000

// Config is the configuration of the sink.
type Config struct {
	Server      string             `prop:"server" doc:"Server of DingTalk."`
	AccessToken connector.Secret   `prop:"accessToken,required" doc:"Token of the robot: what its address has behind access_token=."`
	Secret      connector.Secret   `prop:"secret" doc:"Secret of a robot that wants signatures; it begins with SEC."`
	Type        string             `prop:"msgtype" doc:"What the payload is: text and markdown take it as the text; link, actionCard and feedCard as the JSON object of that type; raw as the whole body with its msgtype."`
	Title       connector.Template `prop:"title" doc:"Title of a markdown, as lists of messages show it."`
	AtMobiles   connector.Template `prop:"atMobiles" doc:"Mobile numbers of who is mentioned, with commas between them."`
	AtUsers     connector.Template `prop:"atUserIds" doc:"User ids of who is mentioned, with commas between them."`
	AtAll       bool               `prop:"isAtAll" doc:"Everyone is mentioned."`
	Limit       string             `prop:"limit" doc:"Messages that the robot takes before it takes none for ten minutes. Half of them may be sent at once, the others evenly; what comes faster is merged into one message with a line for each. Empty: no limit."`
	connector.Web
}

var types = []string{"text", "markdown", "link", "actionCard", "feedCard", "raw"}

// Validate checks what the types cannot say.
func (c *Config) Validate() error {
	if !slices.Contains(types, c.Type) {
		return fmt.Errorf(`property "msgtype": %q is unknown; there are %s`, c.Type, strings.Join(types, ", "))
	}
	if strings.Contains(c.AccessToken.Reveal(), "/") {
		return errors.New(`property "accessToken" is the token alone: what the robot's address has behind access_token=`)
	}
	if _, err := connector.ParseRate(c.Limit); err != nil {
		return fmt.Errorf(`property "limit": %w`, err)
	}
	if err := httpclient.CheckURL(c.Server); err != nil {
		return fmt.Errorf(`property "server": %w`, err)
	}
	return c.Check()
}

// Register adds the sink to r.
func Register(r *connector.Registry) {
	pool, paces := httpclient.NewPool(), &connector.Paces{}
	connector.AddSink(r, connector.SinkSpec[Config]{
		Name: "dingtalk",
		Summary: "Sends results to a robot of a DingTalk group. " +
			"Tested against a server that checks what the interface documents; not tested against the live service.",
		Defaults: Config{Server: "https://oapi.dingtalk.com", Type: "text", Title: "Alarm", Limit: "20/1m", Web: connector.DefaultWeb()},
		Example: `{"accessToken": "0123", "secret": "SEC0123", "msgtype": "markdown", "sendSingle": true,
 "title": "{{.device}}", "dataTemplate": "**{{.device}}** is too hot: {{.temperature}} °C"}`,
		Batch:          most,
		Connectionless: true,
		Target:         func(c Config) string { return httpclient.Redact(c.Server) },
		New: func(c Config, _ connector.Env) (connector.Sink, error) {
			client, err := pool.Open(c.Config, c.TLS.Key(), c.Timeout, c.Deny)
			if err != nil {
				return nil, err
			}
			rate, err := connector.ParseRate(c.Limit)
			if err != nil {
				return nil, err
			}
			s := &sink{config: c, client: client}
			s.overflow = connector.Overflow{Pace: paces.Of(c.Server+" "+c.AccessToken.Reveal()+" "+c.Limit, rate), Send: s.send}
			return s, nil
		},
	})
}

// sink sends to one robot.
type sink struct {
	config   Config
	client   *http.Client
	overflow connector.Overflow
}

// Connect reaches nobody.
func (s *sink) Connect(context.Context) error { return nil }

func (s *sink) Write(ctx context.Context, msgs []connector.Outbound) error {
	return s.overflow.Write(ctx, msgs)
}

// Close has nothing to end.
func (s *sink) Close(context.Context) error { return nil }

// Ping finds out whether somebody listens; it sends nothing, for which the
// group would wonder.
func (s *sink) Ping(ctx context.Context) error {
	return httpclient.Reach(ctx, s.config.Server, s.config.Deny)
}

// sign is the signature of a time in milliseconds.
func sign(ms, secret string) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(ms + "\n" + secret))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// address is signed anew for each attempt: a signature ends after an hour.
func (s *sink) address(now time.Time) string {
	query := url.Values{"access_token": {s.config.AccessToken.Reveal()}}
	if s.config.Secret != "" {
		ms := strconv.FormatInt(now.UnixMilli(), 10)
		query.Set("timestamp", ms)
		query.Set("sign", sign(ms, s.config.Secret.Reveal()))
	}
	return httpclient.Join(s.config.Server, "/robot/send", query)
}

// send sends one message, or several as one.
func (s *sink) send(ctx context.Context, msgs []connector.Outbound) error {
	body, err := s.body(msgs)
	if err != nil {
		return &connector.Permanent{Err: fmt.Errorf("message of type %s: %w", s.config.Type, err)}
	}
	a, err := httpclient.PostJSON(ctx, s.client, s.address(time.Now()), body)
	if err != nil {
		return err
	}
	code, ok := a.Code("errcode")
	return codes.Judge(connector.Outcome{OK: a.OK(), Passing: a.Passing(), Code: code, Coded: ok, After: a.RetryAfter(),
		Failure: a.Failure(s.config.AccessToken.Reveal(), s.config.Secret.Reveal())})
}
