// Package rest is the sink for HTTP servers.
package rest

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// Config is the configuration of the sink.
type Config struct {
	URL          connector.Template            `prop:"url,required" doc:"Address, http:// or https://."`
	Method       string                        `prop:"method" doc:"POST, PUT, PATCH, DELETE or GET; GET sends no body."`
	BodyType     string                        `prop:"bodyType" doc:"json, text, html, xml, javascript, form, binary or none."`
	Headers      map[string]connector.Template `prop:"headers" doc:"Headers of the request."`
	Timeout      time.Duration                 `prop:"timeout" doc:"Limit for a request and its answer."`
	ResponseType string                        `prop:"responseType" doc:"code: a status of 2xx is success; body: code in the JSON answer must be 200 to 299 too."`
	Success      []Condition                   `prop:"success" doc:"Conditions that the JSON answer must meet, such as {\"path\": \"errcode\", \"equals\": 0}, for servers that report errors with status 200."`
	RetryOn      []Condition                   `prop:"retryOn" doc:"Answers that are no success and are worth another attempt, such as {\"path\": \"errcode\", \"in\": [45009]}. Given alone, all others are final."`
	PermanentOn  []Condition                   `prop:"permanentOn" doc:"Answers that no other attempt will mend. Given, all others that are no success are sent again."`
	DebugResp    bool                          `prop:"debugResp" doc:"Write each answer to the log."`
	FormData     map[string]string             `prop:"formData,unsupported" doc:"Parts of a multipart form."`
	FileField    string                        `prop:"fileFieldName,unsupported" doc:"Part of a multipart form that holds the payload."`
	OAuth        map[string]any                `prop:"oauth,unsupported" doc:"Requests that fetch a token."`
	connector.TLS
}

// contentTypes by bodyType; none sends no body.
var contentTypes = map[string]string{"json": "application/json", "text": "text/plain", "html": "text/html", "xml": "application/xml",
	"javascript": "application/javascript", "form": "application/x-www-form-urlencoded", "binary": "application/octet-stream", "none": ""}

var methods = []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodGet}

// Validate checks what the types cannot say.
func (c *Config) Validate() error {
	c.Method = strings.ToUpper(c.Method)
	if !strings.Contains(string(c.URL), "{{") {
		if err := checkURL(string(c.URL)); err != nil {
			return err
		}
	}
	if _, ok := contentTypes[c.BodyType]; !ok {
		return fmt.Errorf(`property "bodyType": %q is not supported; there are json, text, html, xml, javascript, form, binary and none`, c.BodyType)
	}
	switch {
	case !slices.Contains(methods, c.Method):
		return fmt.Errorf(`property "method": %q is not supported; there are %s`, c.Method, strings.Join(methods, ", "))
	case c.ResponseType != "code" && c.ResponseType != "body":
		return fmt.Errorf(`property "responseType": there are code and body, not %q`, c.ResponseType)
	case c.Timeout <= 0:
		return errors.New(`property "timeout" must be positive`)
	}
	return errors.Join(check("success", c.Success), check("retryOn", c.RetryOn), check("permanentOn", c.PermanentOn))
}

func checkURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf(`property "url": %q is no address such as http://host/path`, httpclient.Redact(raw))
	}
	return nil
}

// Register adds the sink to r.
func Register(r *connector.Registry) {
	pool := httpclient.NewPool()
	connector.AddSink(r, connector.SinkSpec[Config]{
		Name:     "rest",
		Summary:  "Sends results to an HTTP server.",
		Defaults: Config{Method: http.MethodPost, BodyType: "json", Timeout: 5 * time.Second, ResponseType: "code"},
		Example: `{"url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0123",
 "sendSingle": true, "dataTemplate": "{\"msgtype\":\"text\",\"text\":{\"content\":{{json .message}}}}",
 "success": [{"path": "errcode", "equals": 0}],
 "permanentOn": [{"path": "errcode", "in": [93000, 40008, 40035, 44004]}]}`,
		Batch:          1,
		Connectionless: true,
		// A server that is down must not hold up another one.
		Key: func(c Config) string { return string(c.URL) },
		New: func(c Config, env connector.Env) (connector.Sink, error) {
			t, err := c.TLS.Config()
			if err != nil {
				return nil, err
			}
			return &sink{config: c, client: pool.Client(c.TLS.Key(), t, c.Timeout), log: env.Log}, nil
		},
	})
}
