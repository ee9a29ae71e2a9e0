package httppull

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// LookupConfig is the configuration of the lookup table.
type LookupConfig struct {
	Request
	Key string `prop:"key" doc:"The option KEY of the table, which has no meaning here: any column can be asked for."`
}

// Validate checks what the types cannot say.
func (c *LookupConfig) Validate() error { return c.check() }

func registerLookup(r *connector.Registry, shared *clients) {
	connector.AddLookup(r, connector.LookupSpec[LookupConfig]{
		Name: "httppull",
		Summary: "A table on an HTTP server, whose answers are an object or an array of objects in JSON. url, datasource, headers and body may be templates over the columns that the rule asks for, escaped in the address, and the fields of a token (oauth). " +
			"Of an answer those rows count that have the values which are asked for; with templates also rows without the columns, and status 404 says that there is none. A rule waits for each answer, a second at most: set lookup.cache.",
		Defaults: LookupConfig{Request: defaultRequest()},
		Example:  `{"url": "http://127.0.0.1:8080", "datasource": "/machines/{{.id}}", "lookup": {"cache": true, "cacheTtl": "10m"}}`,
		Key:      func(c LookupConfig) string { return c.key() },
		New: func(c LookupConfig, _ connector.Env) (connector.Lookup, error) {
			cl, err := newClient(c.Request, shared)
			if err != nil {
				return nil, err
			}
			return &lookup{cl}, nil
		},
	})
}

// lookup makes a request for each question.
type lookup struct{ *client }

// Connect finds out whether somebody listens, where that is known before there
// is a question.
func (l *lookup) Connect(ctx context.Context) error {
	l.start()
	if strings.Contains(string(l.request.URL), "{{") {
		return nil
	}
	return l.Ping(ctx)
}

// Find implements connector.Lookup.
func (l *lookup) Find(ctx context.Context, columns []string, values []value.Value) ([]*value.Fields, error) {
	q := question{}
	if l.templates.evaluated() {
		q.mayMiss = true
		q.data, q.url = make(map[string]any, len(columns)), make(map[string]any, len(columns))
		for i, name := range columns {
			q.data[name] = codec.ToGo(values[i])
			q.url[name] = strings.ReplaceAll(url.QueryEscape(connector.Spelled(values[i])), "+", "%20")
		}
	}
	a, err := l.pull(ctx, q)
	var away *unreached
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, &away):
		return nil, fmt.Errorf("%w: %w", connector.ErrNotConnected, err)
	case err != nil:
		return nil, err
	case len(a.Body) == 0:
		return nil, nil
	}
	rows, err := rowsOf(a.Body)
	if err != nil {
		return nil, fmt.Errorf("answer of %s: %w", l.name(), err)
	}
	var found []*value.Fields
	for _, row := range rows {
		if l.answers(row, columns, values) {
			found = append(found, completed(row, columns, values))
		}
	}
	return found, nil
}

// answers tells whether a row has the values that are asked for.
func (l *lookup) answers(row *value.Fields, columns []string, values []value.Value) bool {
	for i, name := range columns {
		v := row.Get(name)
		if v.IsMissing() && l.templates.evaluated() {
			continue // the server was asked for it
		}
		if !value.Equal(v, values[i]) {
			return false
		}
	}
	return true
}

// completed is a row with all columns that are asked for.
func completed(row *value.Fields, columns []string, values []value.Value) *value.Fields {
	complete := row
	for i, name := range columns {
		if row.Get(name).IsMissing() {
			if complete == row {
				complete = &value.Fields{Names: slices.Clone(row.Names), Values: slices.Clone(row.Values)}
			}
			complete.Names, complete.Values = append(complete.Names, name), append(complete.Values, values[i])
		}
	}
	if complete == row {
		return row
	}
	return value.FieldsOf(complete.Names, complete.Values)
}

// Close gives up the token.
func (l *lookup) Close(context.Context) error {
	l.stop()
	return nil
}
