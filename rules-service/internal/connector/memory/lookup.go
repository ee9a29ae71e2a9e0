package memory

import (
	"context"
	"errors"
	"log/slog"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// LookupConfig is the configuration of the lookup table.
type LookupConfig struct {
	Datasource string `prop:"datasource,required" doc:"Topic, or a filter, as of the source."`
	Key        string `prop:"key" doc:"Key column: the option KEY of the table. It is required; a row replaces the one that has the same key."`
}

// Validate checks what the types cannot say.
func (c *LookupConfig) Validate() error {
	if c.Key == "" {
		return errors.New(`the option KEY is missing: name the column that is the key, as in KEY="id"`)
	}
	return checkFilter(c.Datasource)
}

func registerLookup(r *connector.Registry, b *bus) {
	connector.AddLookup(r, connector.LookupSpec[LookupConfig]{
		Name: "memory",
		Summary: "Keeps the rows that rules write with the sink memory, by their key, from the creation of the table on. " +
			"The sink's rowkindField says what becomes of a row; without it a row is put in, in place of the one with its key.",
		Example: `{"datasource": "machines", "key": "id"}`,
		New: func(c LookupConfig, env connector.Env) (connector.Lookup, error) {
			return &lookup{config: c, bus: b, log: env.Log, table: newTable(c.Key)}, nil
		},
	})
}

// lookup is a table that is fed by the bus.
type lookup struct {
	config     LookupConfig
	bus        *bus
	log        *slog.Logger
	table      *table
	subscribed bool
}

func (l *lookup) Connect(context.Context) error {
	if !l.subscribed {
		l.subscribed = true
		l.bus.subscribe(l.config.Datasource, l)
	}
	return nil
}

// take implements subscriber.
func (l *lookup) take(m *message) {
	rows, err := m.fields()
	if err != nil {
		l.log.Warn("rows for a lookup table cannot be read", "topic", m.topic, "error", err)
		return
	}
	for _, r := range rows {
		if m.kindOf(r) == deletion {
			l.table.remove(r.Get(m.key))
			continue
		}
		if !l.table.put(r) {
			l.log.Debug("a row for a lookup table has no key", "topic", m.topic, "key", l.config.Key)
		}
	}
}

func (l *lookup) Find(_ context.Context, columns []string, values []value.Value) ([]*value.Fields, error) {
	return l.table.find(columns, values), nil
}

func (l *lookup) Close(context.Context) error {
	if l.subscribed {
		l.subscribed = false
		l.bus.unsubscribe(l.config.Datasource, l)
	}
	return nil
}
