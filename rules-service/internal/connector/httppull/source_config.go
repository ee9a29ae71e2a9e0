package httppull

import (
	"errors"
	"time"

	"sluice/rules-service/internal/connector"
)

// SourceConfig is the configuration of the source.
type SourceConfig struct {
	Request
	Interval    time.Duration  `prop:"interval" doc:"Pause from one request to the next."`
	Incremental bool           `prop:"incremental" doc:"An answer equal to the last one is left out. GET asks the server itself for what is new, by the ETag or the time of the last answer."`
	States      map[string]any `prop:"states" doc:"Fields of the answers that the next request needs, with the values for the first one, such as {\"cursor\": 0} for the url …?after={{.cursor}}. Of an array the last row that has the field counts; null changes nothing. They begin anew with the service."`
}

// Validate checks what the types cannot say.
func (c *SourceConfig) Validate() error {
	if c.Interval <= 0 {
		return errors.New(`property "interval" must be above 0`)
	}
	return c.check()
}

func registerSource(r *connector.Registry, shared *clients) {
	connector.AddSource(r, connector.SourceSpec[SourceConfig]{
		Name: "httppull",
		Summary: "Asks an HTTP server at an interval. url, datasource, headers and body may be templates over states, the fields of a token (oauth), and PullTime and LastPullTime, the times of this request and of the one before in milliseconds, at first 0. " +
			"The next request is made when the rules have the rows of the last answer; a request that fails is tried again, after a pause that grows up to 10 s.",
		Defaults: SourceConfig{Request: defaultRequest(), Interval: 10 * time.Second},
		Example: `{"url": "http://127.0.0.1:8080", "datasource": "/orders?after={{.cursor}}", "states": {"cursor": 0}, "interval": "5s",
 "headers": {"Authorization": "Bearer {{.token}}"},
 "oauth": {"access": {"url": "http://127.0.0.1:8080/login", "body": "{\"user\":\"plant\"}", "expire": "3600"}}}`,
		Key: func(c SourceConfig) string { return c.key() },
		New: func(c SourceConfig, _ connector.Env) (connector.Source, error) {
			return newSource(c, shared)
		},
	})
}
