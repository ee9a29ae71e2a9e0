package simulator

import (
	"context"
	"encoding/json"
	"fmt"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// LookupConfig is the configuration of the lookup table.
type LookupConfig struct {
	Datasource string           `prop:"datasource" doc:"Has no meaning for this table."`
	Key        string           `prop:"key" doc:"The option KEY of the table, which has no meaning here: any column can be asked for."`
	Data       []map[string]any `prop:"data,required" doc:"Rows of the table. Their numbers are FLOAT."`
}

func registerLookup(r *connector.Registry) {
	connector.AddLookup(r, connector.LookupSpec[LookupConfig]{
		Name:    "simulator",
		Summary: "A table whose rows stand in its configuration.",
		Example: `{"data": [{"id": 1, "owner": "line 1"}, {"id": 2, "owner": "line 2"}]}`,
		New: func(c LookupConfig, _ connector.Env) (connector.Lookup, error) {
			l := &lookup{}
			for i, row := range c.Data {
				fields, err := fieldsOf(row)
				if err != nil {
					return nil, fmt.Errorf("property \"data[%d]\": %w", i, err)
				}
				l.rows = append(l.rows, fields)
			}
			return l, nil
		},
	})
}

// fieldsOf makes a row with the types that JSON has.
func fieldsOf(row map[string]any) (*value.Fields, error) {
	text, err := json.Marshal(row)
	if err != nil {
		return nil, err
	}
	var plain map[string]any
	if err := json.Unmarshal(text, &plain); err != nil {
		return nil, err
	}
	v, err := value.Of(plain)
	if err != nil {
		return nil, err
	}
	return v.Object(), nil
}

// lookup finds rows by looking at all of them: they are few.
type lookup struct{ rows []*value.Fields }

func (l *lookup) Connect(context.Context) error { return nil }

func (l *lookup) Find(_ context.Context, columns []string, values []value.Value) ([]*value.Fields, error) {
	var found []*value.Fields
	for _, r := range l.rows {
		if has(r, columns, values) {
			found = append(found, r)
		}
	}
	return found, nil
}

func has(r *value.Fields, columns []string, values []value.Value) bool {
	for i, name := range columns {
		if !value.Equal(r.Get(name), values[i]) {
			return false
		}
	}
	return true
}

func (l *lookup) Close(context.Context) error { return nil }
