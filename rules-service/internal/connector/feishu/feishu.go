// Package feishu is the sink for robots of Feishu and Lark groups.
package feishu

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// codes are those of Feishu that may pass; all others, such as 19021 for a wrong
// signature, are for good.
var codes = connector.Codes{Busy: []int{-1}, Later: map[int]time.Duration{11232: 10 * time.Second}}

// everySecond is what a robot takes besides its limit for a minute.
var everySecond = connector.Rate{Messages: 5, Period: time.Second}

const (
	bodyBytes = 20 << 10 // of a whole body
	textBytes = 9 << 10  // of a text: in the body a line feed takes two bytes
	most      = 1000     // messages at once: what waits for the limit goes into one
)

// Config is the configuration of the sink.
type Config struct {
	Server string           `prop:"server" doc:"Server of Feishu; that of Lark is https://open.larksuite.com."`
	Hook   connector.Secret `prop:"hook,required" doc:"Id of the robot: what its address has behind /hook/."`
	Secret connector.Secret `prop:"secret" doc:"Secret of a robot that wants signatures."`
	Type   string           `prop:"msgtype" doc:"What the payload is: text takes it as the text; post, image and interactive as the JSON object that is their content or card; raw as the whole body with its msg_type."`
	Limit  string           `prop:"limit" doc:"Messages that the robot takes, besides 5 in a second. Half of them may be sent at once, the others evenly; what comes faster is merged into one message with a line for each. Empty: no limit."`
	connector.Web
}

var types = []string{"text", "post", "image", "interactive", "raw"}

// Validate checks what the types cannot say.
func (c *Config) Validate() error {
	if !slices.Contains(types, c.Type) {
		return fmt.Errorf(`property "msgtype": %q is unknown; there are %s`, c.Type, strings.Join(types, ", "))
	}
	if strings.ContainsAny(c.Hook.Reveal(), "/?#") {
		return errors.New(`property "hook" is the id alone: what the robot's address has behind /hook/`)
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
		Name: "feishu",
		Summary: "Sends results to a robot of a Feishu or Lark group. " +
			"Tested against a server that checks what the interface documents; not tested against the live service.",
		Defaults: Config{Server: "https://open.feishu.cn", Type: "text", Limit: "100/1m", Web: connector.DefaultWeb()},
		Example: `{"hook": "0123", "secret": "secret", "sendSingle": true,
 "dataTemplate": "{{.device}} is too hot: {{.temperature}} °C"}`,
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
			rates := []connector.Rate{rate}
			if c.Limit != "" {
				rates = append(rates, everySecond)
			}
			s := &sink{config: c, client: client}
			s.overflow = connector.Overflow{Pace: paces.Of(c.Server+" "+c.Hook.Reveal()+" "+c.Limit, rates...), Send: s.send}
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

// sign is the signature of a time in seconds. The key is what DingTalk takes as
// the message, and the message is empty.
func sign(seconds, secret string) string {
	h := hmac.New(sha256.New, []byte(seconds+"\n"+secret))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// send sends one message, or several as one. It is signed anew for each
// attempt: a signature ends after an hour.
func (s *sink) send(ctx context.Context, msgs []connector.Outbound) error {
	body, err := s.body(msgs)
	if err != nil {
		return &connector.Permanent{Err: fmt.Errorf("message of type %s: %w", s.config.Type, err)}
	}
	if s.config.Secret != "" {
		seconds := strconv.FormatInt(time.Now().Unix(), 10)
		body["timestamp"], body["sign"] = seconds, sign(seconds, s.config.Secret.Reveal())
	}
	a, err := httpclient.PostJSON(ctx, s.client, httpclient.Join(s.config.Server, "/open-apis/bot/v2/hook/"+s.config.Hook.Reveal(), nil), body)
	if err != nil {
		return err
	}
	code, ok := a.Code("code", "StatusCode")
	return codes.Judge(connector.Outcome{OK: a.OK(), Passing: a.Passing(), Code: code, Coded: ok, After: a.RetryAfter(),
		Failure: a.Failure(s.config.Hook.Reveal(), s.config.Secret.Reveal())})
}
