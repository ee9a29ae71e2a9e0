// Package influx is the sinks for InfluxDB: influx writes to its version 1,
// influx2 to version 2 and what speaks like it.
package influx

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// batch is how many messages go into one request at most.
const batch = 5000

// V1 is the configuration of the sink influx.
type V1 struct {
	Addr     string           `prop:"addr" doc:"Address of the server, http:// or https://."`
	Database string           `prop:"database,required" doc:"Name of the database."`
	Username string           `prop:"username" doc:"User name."`
	Password connector.Secret `prop:"password" doc:"Password."`
	Points
}

// Validate checks what the types cannot say.
func (c *V1) Validate() error { return errors.Join(checkAddr(c.Addr), c.validate()) }

func (c *V1) server() server {
	s := server{addr: c.Addr, path: "/write", query: url.Values{"db": {c.Database}, "precision": {"ns"}}, secret: c.Password}
	if c.Username != "" || c.Password != "" {
		s.authorize = func(req *http.Request) { req.SetBasicAuth(c.Username, c.Password.Reveal()) }
	}
	return s
}

// V2 is the configuration of the sink influx2.
type V2 struct {
	Addr            string           `prop:"addr" doc:"Address of the server, http:// or https://."`
	Token           connector.Secret `prop:"token" doc:"API token that may write to the bucket."`
	Org             string           `prop:"org,required" doc:"Name or id of the organization."`
	Bucket          string           `prop:"bucket,required" doc:"Name or id of the bucket."`
	UseLineProtocol bool             `prop:"useLineProtocol,ignored" doc:"Accepted: points are always written in the line protocol."`
	Points
}

// Validate checks what the types cannot say.
func (c *V2) Validate() error { return errors.Join(checkAddr(c.Addr), c.validate()) }

func (c *V2) server() server {
	s := server{addr: c.Addr, path: "/api/v2/write", query: url.Values{"org": {c.Org}, "bucket": {c.Bucket}, "precision": {"ns"}}, secret: c.Token}
	if c.Token != "" {
		s.authorize = func(req *http.Request) { req.Header.Set("Authorization", "Token "+c.Token.Reveal()) }
	}
	return s
}

const summary = "Each row is a point. Its time is in the column tsFieldName or, without one, that of writing, which is made different for each point so that none replaces another. " +
	"Column values become fields: BIGINT as integers, FLOAT, BOOLEAN, others as text; NULL is left out. " +
	"A point that the server refuses, such as one whose field had another type before, becomes a dead letter; the others are written. " +
	"Without dataTemplate each row is a message of its own, so that templates see one row."

// Register adds the sinks to r.
func Register(r *connector.Registry) {
	pool := httpclient.NewPool()
	points := Points{Precision: "ms", Timeout: 10 * time.Second}
	connector.AddSink(r, connector.SinkSpec[V1]{
		Name:     "influx",
		Summary:  "Writes points to InfluxDB 1.x. " + summary,
		Defaults: V1{Addr: "http://127.0.0.1:8086", Points: points},
		Example:  `{"addr": "http://127.0.0.1:8086", "database": "plant", "measurement": "boiler", "tags": {"device": "{{.device}}"}, "fields": ["temperature"], "tsFieldName": "ts"}`,
		Rows:     true,
		Batch:    batch,
		Target:   func(c V1) string { return httpclient.Redact(c.Addr) },
		New:      func(c V1, _ connector.Env) (connector.Sink, error) { return newSink(c.Points, c.server(), pool) },
	})
	connector.AddSink(r, connector.SinkSpec[V2]{
		Name:     "influx2",
		Summary:  "Writes points to InfluxDB 2.x, and to servers with its API. " + summary,
		Defaults: V2{Addr: "http://127.0.0.1:8086", Points: points},
		Example:  `{"addr": "http://127.0.0.1:8086", "token": "secret", "org": "works", "bucket": "plant", "measurement": "boiler", "tags": {"device": "{{.device}}"}}`,
		Rows:     true,
		Batch:    batch,
		Target:   func(c V2) string { return httpclient.Redact(c.Addr) },
		New:      func(c V2, _ connector.Env) (connector.Sink, error) { return newSink(c.Points, c.server(), pool) },
	})
}
