package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	client "github.com/redis/go-redis/v9"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// LookupConfig is the configuration of the lookup table.
type LookupConfig struct {
	Server
	Datasource string `prop:"datasource" doc:"Number of the database, in place of db."`
	Key        string `prop:"key" doc:"Column whose value is the key in Redis: the option KEY of the table. It may be left out where rules compare one column."`
	KeyPrefix  string `prop:"keyPrefix" doc:"Text in front of the value, as in machine: for the keys machine:1, machine:2."`
	DataType   string `prop:"dataType,required" doc:"string: the value of a key is a row, a JSON object; list: a list of them; hash: its fields are the columns, texts."`
}

// Validate checks what the types cannot say.
func (c *LookupConfig) Validate() error {
	if c.Datasource != "" {
		n, err := strconv.Atoi(c.Datasource)
		if err != nil {
			return fmt.Errorf("DATASOURCE %q is no number of a database, such as 0", c.Datasource)
		}
		c.DB = n
	}
	if !slices.Contains([]string{typeString, typeList, typeHash}, c.DataType) {
		return fmt.Errorf(`property "dataType": there are string, list and hash, not %q`, c.DataType)
	}
	return c.Server.Validate()
}

// lookupConnections are those of a lookup table: the rules of several shards
// may ask at once.
const lookupConnections = 4

func registerLookup(r *connector.Registry) {
	connector.AddLookup(r, connector.LookupSpec[LookupConfig]{
		Name: "redis",
		Summary: "Asks Redis for the rows under a key, which is the value that the rule compares the column KEY with. " +
			"If the rule compares other columns as well, rows in which these differ are left out.",
		Defaults: LookupConfig{Server: defaultServer},
		Example:  `{"addr": "127.0.0.1:6379", "datasource": "0", "dataType": "string", "key": "id"}`,
		New: func(c LookupConfig, _ connector.Env) (connector.Lookup, error) {
			conn, err := c.connection(lookupConnections)
			return &lookup{config: c, conn: conn}, err
		},
	})
}

type lookup struct {
	config LookupConfig
	conn   connection
}

func (l *lookup) Connect(ctx context.Context) error { return l.conn.connect(ctx) }

// Find implements connector.Lookup.
func (l *lookup) Find(ctx context.Context, columns []string, values []value.Value) ([]*value.Fields, error) {
	at, err := l.keyAmong(columns)
	if err != nil {
		return nil, err
	}
	if l.conn.client == nil {
		return nil, connector.ErrNotConnected
	}
	key, err := text(values[at])
	if err != nil {
		return nil, err
	}
	rows, err := l.rows(ctx, l.config.KeyPrefix+key)
	if err != nil {
		return nil, err
	}
	found := rows[:0]
	for _, r := range rows {
		if r.Get(columns[at]).IsMissing() { // it stands in the key alone
			r = value.FieldsOf(append(slices.Clone(r.Names), columns[at]), append(slices.Clone(r.Values), values[at]))
		}
		if fits(r, columns, values, at) {
			found = append(found, r)
		}
	}
	return found, nil
}

// keyAmong is which of the columns is the key.
func (l *lookup) keyAmong(columns []string) (int, error) {
	if l.config.Key == "" && len(columns) == 1 {
		return 0, nil
	}
	if i := slices.Index(columns, l.config.Key); i >= 0 {
		return i, nil
	}
	if l.config.Key == "" {
		return 0, errors.New("the rule compares several columns; name the one that is the key in Redis with the option KEY of the table")
	}
	return 0, fmt.Errorf("the rule does not compare the column %q, which is the key in Redis", l.config.Key)
}

// rows are those under a key.
func (l *lookup) rows(ctx context.Context, key string) ([]*value.Fields, error) {
	var texts []string
	var err error
	switch l.config.DataType {
	case typeHash:
		return l.hash(ctx, key)
	case typeList:
		texts, err = l.conn.client.LRange(ctx, key, 0, -1).Result()
	default:
		texts = make([]string, 1)
		texts[0], err = l.conn.client.Get(ctx, key).Result()
	}
	if errors.Is(err, client.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, l.conn.judge(ctx, err)
	}
	return objects(key, texts)
}

func (l *lookup) hash(ctx context.Context, key string) ([]*value.Fields, error) {
	m, err := l.conn.client.HGetAll(ctx, key).Result()
	if err != nil || len(m) == 0 {
		return nil, l.conn.judge(ctx, err)
	}
	names, values := make([]string, 0, len(m)), make([]value.Value, 0, len(m))
	for name, t := range m {
		names, values = append(names, name), append(values, value.OfString(t))
	}
	return []*value.Fields{value.FieldsOf(names, values)}, nil
}

// objects are texts that are JSON objects.
func objects(key string, texts []string) ([]*value.Fields, error) {
	var rows []*value.Fields
	for _, t := range texts {
		v, err := codec.ParseJSON([]byte(t))
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", key, err)
		}
		if v.Kind() != value.Object {
			return nil, fmt.Errorf("key %s: the value is %s; a JSON object is wanted", key, v.Kind())
		}
		rows = append(rows, v.Object())
	}
	return rows, nil
}

// fits tells whether the other columns of a row have the values.
func fits(r *value.Fields, columns []string, values []value.Value, key int) bool {
	for i, name := range columns {
		if i == key || value.Equal(r.Get(name), values[i]) {
			continue
		}
		got, err := text(r.Get(name)) // hashes have texts
		want, werr := text(values[i])
		if err != nil || werr != nil || got != want {
			return false
		}
	}
	return true
}

func (l *lookup) Close(context.Context) error {
	l.conn.disconnect()
	return nil
}
