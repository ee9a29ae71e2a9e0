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
	Method       string                        `prop:"method" doc:"POST, PUT, PATCH, DELETE, GET, HEAD or OPTIONS; GET and HEAD send no body."`
	BodyType     string                        `prop:"bodyType" doc:"json, text, html, xml, javascript, form, binary, formdata or none."`
	Headers      map[string]connector.Template `prop:"headers" doc:"Headers of the request."`
	Bearer       connector.Secret              `prop:"bearer" doc:"Token of the header Authorization; secret://NAME/KEY takes it from the secret store."`
	Timeout      time.Duration                 `prop:"timeout" doc:"Limit for a request and its answer."`
	ResponseType string                        `prop:"responseType" doc:"code: a status of 2xx is success; body: code in the JSON answer must be 200 to 299 too."`
	Success      []connector.Condition         `prop:"success" doc:"Conditions that the answer must meet, such as {\"path\": \"errcode\", \"equals\": 0}, for servers that report errors with status 200. With {\"status\": [200, 409]} other statuses than 2xx are success too."`
	RetryOn      []connector.Condition         `prop:"retryOn" doc:"Answers that are no success and are worth another attempt, such as {\"path\": \"errcode\", \"in\": [45009]} or {\"status\": 404}. A path given alone, all other answers with status 2xx are final."`
	PermanentOn  []connector.Condition         `prop:"permanentOn" doc:"Answers that no other attempt will mend. Given, all others with status 2xx that are no success are sent again."`
	DebugResp    bool                          `prop:"debugResp" doc:"Write each answer to the log."`
	FormData     map[string]connector.Template `prop:"formData" doc:"Further parts of a body of type formdata."`
	FileField    string                        `prop:"fileFieldName" doc:"Name of the part that holds the payload in a body of type formdata."`
	Compression  string                        `prop:"compression" doc:"gzip or zstd: the body is compressed, and Content-Encoding says so."`
	OAuth        connector.OAuth               `prop:"oauth" doc:"Requests that fetch a token: access {url, method (POST), body, headers, expire: seconds} and, for the next ones, refresh {url, method, body, headers}. What they answer fills the fields whose names contain token, such as {{.token}} or {{.access_token}}, in headers, url, formData and dataTemplate; in refresh and in expire it fills all fields."`
	RefreshOn    []connector.Condition         `prop:"refreshOn" doc:"Answers upon which the token is fetched anew and the message sent once more, beside status 401."`
	Deny         []string                      `prop:"denyAddresses" doc:"Addresses and networks such as 169.254.0.0/16 that no request goes to, also when a name or a redirect leads there."`
	connector.TLS
}

// contentTypes by bodyType; none sends no body, formdata adds its boundary.
var contentTypes = map[string]string{"json": "application/json", "text": "text/plain", "html": "text/html", "xml": "application/xml",
	"javascript": "application/javascript", "form": "application/x-www-form-urlencoded", "binary": "application/octet-stream",
	"formdata": "multipart/form-data", "none": ""}

var methods = []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodOptions}

// Validate checks what the types cannot say.
func (c *Config) Validate() error {
	c.Method, c.BodyType = strings.ToUpper(c.Method), strings.ToLower(c.BodyType)
	if !strings.Contains(string(c.URL), "{{") {
		if err := checkURL(string(c.URL)); err != nil {
			return err
		}
	}
	if _, ok := contentTypes[c.BodyType]; !ok {
		return fmt.Errorf(`property "bodyType": %q is not supported; there are json, text, html, xml, javascript, form, binary, formdata and none`, c.BodyType)
	}
	if _, err := httpclient.ParseDenyList(c.Deny); err != nil {
		return fmt.Errorf(`property "denyAddresses": %w`, err)
	}
	switch {
	case !slices.Contains(methods, c.Method):
		return fmt.Errorf(`property "method": %q is not supported; there are %s`, c.Method, strings.Join(methods, ", "))
	case c.ResponseType != "code" && c.ResponseType != "body":
		return fmt.Errorf(`property "responseType": there are code and body, not %q`, c.ResponseType)
	case c.Timeout <= 0:
		return errors.New(`property "timeout" must be positive`)
	case c.BodyType == "formdata" && c.FileField == "":
		return errors.New(`property "fileFieldName" is missing: bodyType formdata wants the name of the part that holds the payload`)
	case c.Compression != "" && c.Compression != "gzip" && c.Compression != "zstd":
		return fmt.Errorf(`property "compression": there are gzip and zstd, not %q`, c.Compression)
	}
	requests := c.requests()
	return errors.Join(connector.CheckConditions("success", c.Success), connector.CheckConditions("retryOn", c.RetryOn),
		connector.CheckConditions("permanentOn", c.PermanentOn), connector.CheckConditions("refreshOn", c.RefreshOn), requests.Check())
}

// Adjust leaves open in the templates what only the sink knows when it writes.
func (c *Config) Adjust(common *connector.SinkCommon) error {
	if !c.OAuth.Wanted() {
		return nil
	}
	var err error
	if c.URL, err = openTokens("url", c.URL); err != nil {
		return err
	}
	if common.DataTemplate, err = openTokens("dataTemplate", common.DataTemplate); err != nil {
		return err
	}
	if c.Headers, err = openAll("headers", c.Headers); err != nil {
		return err
	}
	c.FormData, err = openAll("formData", c.FormData)
	return err
}

// requests are those that fetch tokens.
func (c *Config) requests() httpclient.OAuth {
	return httpclient.OAuth{Access: httpclient.NewTokenRequest(c.OAuth.Access.Request()), Refresh: httpclient.NewTokenRequest(c.OAuth.Refresh.Request()),
		Expire: string(c.OAuth.Access.Expire)}
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
	pool, sessions := httpclient.NewPool(), &httpclient.Sessions{}
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
		New: func(c Config, env connector.Env) (connector.Sink, error) { return newSink(c, env, pool, sessions) },
	})
}

func newSink(c Config, env connector.Env, pool *httpclient.Pool, sessions *httpclient.Sessions) (*sink, error) {
	t, err := c.TLS.Config()
	if err != nil {
		return nil, err
	}
	deny, err := httpclient.ParseDenyList(c.Deny)
	if err != nil {
		return nil, err
	}
	s := &sink{config: c, log: env.Log, sessions: sessions,
		client: pool.Client(httpclient.Settings{TLS: t, TLSKey: c.TLS.Key(), Timeout: c.Timeout, Deny: deny})}
	s.packer, err = newPacker(c.Compression)
	return s, err
}
