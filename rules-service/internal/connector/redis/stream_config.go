package redis

import (
	"errors"
	"os"
	"regexp"
	"time"

	"sluice/rules-service/internal/connector"
)

// StreamConfig is the configuration of the source redisStream.
type StreamConfig struct {
	Server
	Datasource   string        `prop:"datasource,required" doc:"Key of the stream."`
	Group        string        `prop:"group" doc:"Consumer group. Each of several services with one group gets a part of the entries; one that is not there is created."`
	Consumer     string        `prop:"consumer" doc:"Name in the group, another one for each service; by default the name of the host."`
	Start        string        `prop:"start" doc:"Where a group that is created begins: $ with new entries, 0 with all, or behind the id of an entry."`
	ClaimAfter   time.Duration `prop:"claimAfter" doc:"Entries that another consumer of the group has had for so long without an acknowledgement are taken over, by Redis 6.2 and newer; 0: never."`
	PayloadField string        `prop:"payloadField" doc:"Field of entries that has the message, in the FORMAT of the stream. Without it the fields are the columns: texts, or what the stream declares."`
}

var startID = regexp.MustCompile(`^(\$|\d+(-\d+)?)$`)

// Validate checks what the types cannot say.
func (c *StreamConfig) Validate() error {
	switch {
	case c.Group == "":
		return errors.New(`property "group" must not be empty`)
	case !startID.MatchString(c.Start):
		return errors.New(`property "start": there are $, 0 and ids such as 1700000000000-0`)
	case c.ClaimAfter < 0:
		return errors.New(`property "claimAfter" must not be negative`)
	}
	return c.Server.Validate()
}

// consumer is the name in the group.
func (c *StreamConfig) consumer() string {
	if c.Consumer != "" {
		return c.Consumer
	}
	if host, err := os.Hostname(); err == nil && host != "" {
		return host
	}
	return "sluice"
}

func registerStream(r *connector.Registry) {
	connector.AddSource(r, connector.SourceSpec[StreamConfig]{
		Name: "redisStream",
		Summary: "Reads a stream of Redis as a consumer of a group: each entry at least once, acknowledged when it is in the intake journal or all rules are done with it. " +
			"What was not acknowledged comes again, also after a restart. meta(id) is the id of an entry, meta(stream) the key of the stream.",
		Defaults: StreamConfig{Server: defaultServer, Group: "sluice", Start: "$", ClaimAfter: time.Minute},
		Example:  `{"addr": "127.0.0.1:6379", "datasource": "readings", "group": "alarms"}`,
		FormatOf: func(c StreamConfig) string {
			if c.PayloadField == "" {
				return "texts"
			}
			return ""
		},
		Durable: func(StreamConfig) bool { return true },
		New: func(c StreamConfig, env connector.Env) (connector.Source, error) {
			control, err := c.connection(1)
			if err != nil {
				return nil, err
			}
			reader := control
			return &stream{config: c, name: c.consumer(), control: control, reader: reader, pending: newPending()}, nil
		},
	})
}
