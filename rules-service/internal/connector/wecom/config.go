// Package wecom are the sinks for WeCom: robots of groups, and messages of
// applications to members.
package wecom

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

const defaultServer = "https://qyapi.weixin.qq.com"

// codes are those of https://developer.work.weixin.qq.com/document/path/90313
// that may pass (busy, too many at once, too often); all others are for good.
var codes = connector.Codes{
	Busy:  []int{-1, 45033},
	Later: map[int]time.Duration{45009: time.Minute},
	Token: []int{40014, 42001},
}

// Config is the configuration of the sink for robots.
type Config struct {
	URL      connector.Secret   `prop:"url" doc:"Address of the robot as WeCom shows it, with its key; or give key."`
	Key      connector.Secret   `prop:"key" doc:"Key of the robot, instead of url."`
	Server   string             `prop:"server" doc:"Server of WeCom, with key."`
	Type     string             `prop:"msgtype" doc:"What the payload is: text, markdown and markdown_v2 take it as the text; image, file and voice as the content of the file, or the object with base64 or media_id; news and template_card as the JSON object of that type, news also as the array of articles; raw as the whole body with its msgtype."`
	Mention  connector.Template `prop:"mentionedList" doc:"User ids to be mentioned by a text, with commas between them; @all for everyone."`
	Mobiles  connector.Template `prop:"mentionedMobileList" doc:"Mobile numbers to be mentioned by a text, with commas between them; @all for everyone."`
	FileName connector.Template `prop:"fileName" doc:"Name of an uploaded file."`
	Limit    string             `prop:"limit" doc:"Messages that the robot takes. Half of them may be sent at once, the others evenly; what comes faster is merged into one message with a line for each. Empty: no limit."`
	connector.Web
}

// textBytes are the longest contents of texts, by type.
var textBytes = map[string]int{"text": 2048, "markdown": 4096, "markdown_v2": 4096}

var robotTypes = []string{"text", "markdown", "markdown_v2", "image", "news", "file", "voice", "template_card", "raw"}

// Validate checks what the types cannot say.
func (c *Config) Validate() error {
	switch {
	case (c.URL == "") == (c.Key == ""):
		return errors.New(`give one of the properties "url" and "key"`)
	case !slices.Contains(robotTypes, c.Type):
		return fmt.Errorf(`property "msgtype": %q is unknown; there are %s`, c.Type, strings.Join(robotTypes, ", "))
	case c.Type != "text" && (c.Mention != "" || c.Mobiles != ""):
		return errors.New(`properties "mentionedList" and "mentionedMobileList" are for texts alone; in a markdown write <@userid>`)
	}
	if err := httpclient.CheckURL(c.server()); err != nil {
		return fmt.Errorf(`property "%s": %w`, c.named(), err)
	}
	if c.key() == "" {
		return errors.New(`property "url" has no key; copy the whole address that WeCom shows, up to ?key=…`)
	}
	return errors.Join(checkLimit(c.Limit), c.Check())
}

func checkLimit(limit string) error {
	if _, err := connector.ParseRate(limit); err != nil {
		return fmt.Errorf(`property "limit": %w`, err)
	}
	return nil
}

func (c *Config) named() string {
	if c.URL != "" {
		return "url"
	}
	return "server"
}

// server is where the robot is, without its key.
func (c *Config) server() string {
	if c.URL == "" {
		return c.Server
	}
	before, _, _ := strings.Cut(c.URL.Reveal(), "/cgi-bin/")
	before, _, _ = strings.Cut(before, "?")
	return before
}

func (c *Config) key() string {
	if c.URL == "" {
		return c.Key.Reveal()
	}
	u, err := url.Parse(c.URL.Reveal())
	if err != nil {
		return ""
	}
	return u.Query().Get("key")
}

// address of a call of the robot.
func (c *Config) address(path string, query url.Values) string {
	query.Set("key", c.key())
	return httpclient.Join(c.server(), path, query)
}

// most is how many messages a sink is given at once: what waits for the limit
// goes into one message.
const most = 1000

// Register adds the sinks to r.
func Register(r *connector.Registry) {
	pool, paces, tokens := httpclient.NewPool(), &connector.Paces{}, &httpclient.Tokens{}
	connector.AddSink(r, connector.SinkSpec[Config]{
		Name: "wecom",
		Summary: "Sends results to a robot of a WeCom group. Texts that are too long are cut between two characters. " +
			"Tested against a server that checks what the interface documents; not tested against the live service.",
		Defaults: Config{Server: defaultServer, Type: "text", FileName: "file", Limit: "20/1m", Web: connector.DefaultWeb()},
		Example: `{"url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0123", "msgtype": "markdown", "sendSingle": true,
 "dataTemplate": "**{{.device}}** is too hot: <font color=\"warning\">{{.temperature}} °C</font>"}`,
		Batch:          most,
		Connectionless: true,
		Target:         func(c Config) string { return httpclient.Redact(c.server()) },
		New: func(c Config, _ connector.Env) (connector.Sink, error) {
			client, err := pool.Open(c.Config, c.TLS.Key(), c.Timeout, c.Deny)
			if err != nil {
				return nil, err
			}
			rate, err := connector.ParseRate(c.Limit)
			if err != nil {
				return nil, err
			}
			s := &robot{config: c, client: client}
			s.overflow = connector.Overflow{Pace: paces.Of(c.server()+" "+c.key()+" "+c.Limit, rate), Send: s.send}
			return s, nil
		},
	})
	registerApp(r, pool, paces, tokens)
}
