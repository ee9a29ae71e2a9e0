// Package httppush is the source of what others send over HTTP. All its streams
// share one server.
package httppush

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sluice/rules-service/internal/connector"
)

// Config is the configuration of the source.
type Config struct {
	Datasource string           `prop:"datasource,required" doc:"Path of the address, such as /orders."`
	Method     string           `prop:"method" doc:"POST or PUT."`
	Token      connector.Secret `prop:"token" doc:"Requests must have it in the header Authorization, as Bearer TOKEN; secret://NAME/KEY takes it from the secret store. Without it everybody who reaches the port may send."`
	MaxBytes   int64            `prop:"maxBytes" doc:"Longest body, unpacked; what is longer is answered with 413."`
	Timeout    time.Duration    `prop:"timeout" doc:"How long a request waits for the rules, at most; then it is answered with 503."`
}

// mostBytes bounds the property maxBytes.
const mostBytes = 64 << 20

// Validate checks what the types cannot say.
func (c *Config) Validate() error {
	c.Method = strings.ToUpper(c.Method)
	u, err := url.ParseRequestURI(c.Datasource)
	switch {
	case err != nil || !strings.HasPrefix(c.Datasource, "/") || u.Path != c.Datasource:
		return fmt.Errorf("DATASOURCE %q is no path such as /orders, which begins with a stroke and has no query", c.Datasource)
	case c.Method != http.MethodPost && c.Method != http.MethodPut:
		return fmt.Errorf(`property "method": there are POST and PUT, not %q`, c.Method)
	case c.MaxBytes < 1 || c.MaxBytes > mostBytes:
		return fmt.Errorf(`property "maxBytes" must be between 1 and %d`, mostBytes)
	case c.Timeout <= 0:
		return errors.New(`property "timeout" must be positive`)
	}
	return nil
}

// Register adds the source to r.
func Register(r *connector.Registry) {
	listeners := &listeners{open: map[connector.Listen]*server{}}
	connector.AddSource(r, connector.SourceSpec[Config]{
		Name: "httppush",
		Summary: "Takes what others send over HTTP to the address that Rules.HTTPServer sets, port 10081 by default. A request is answered with 200 when the rules have its rows, and for rules of qos 1 and 2 when it is on disk; " +
			"with 503 it is to be sent again: the rules are behind, or the stream is not read for a moment. Other answers: 401 without the right token, 404 for a path and 405 for a method that no stream has, 413 when it is too long, 415 for another Content-Encoding than gzip. " +
			"The server runs while rules read such streams.",
		Defaults: Config{Method: http.MethodPost, MaxBytes: 4 << 20, Timeout: 10 * time.Second},
		Example:  `{"datasource": "/orders", "method": "POST", "token": "secret://orders/token"}`,
		Group:    func(Config) string { return "server" },
		New: func(c Config, env connector.Env) (connector.Source, error) {
			return newSource(c, env, listeners), nil
		},
	})
}
