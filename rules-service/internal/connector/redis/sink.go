package redis

import (
	"context"
	"errors"
	"fmt"
	"time"

	client "github.com/redis/go-redis/v9"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// sink writes the rows of a batch with one request.
type sink struct {
	config SinkConfig
	conn   connection
}

func (s *sink) Connect(ctx context.Context) error { return s.conn.connect(ctx) }

func (s *sink) Write(ctx context.Context, msgs []connector.Outbound) error {
	return s.conn.write(ctx, msgs, s.commands)
}

func (s *sink) Close(context.Context) error {
	s.conn.disconnect()
	return nil
}

// write sends the commands of messages, and finds out which have failed.
func (c *connection) write(ctx context.Context, msgs []connector.Outbound, commands func(client.Pipeliner, *connector.Outbound) error) error {
	if c.client == nil {
		return connector.ErrNotConnected
	}
	p := c.client.Pipeline()
	ends, faults := make([]int, len(msgs)), make(connector.Verdicts, len(msgs))
	for i := range msgs {
		if err := commands(p, &msgs[i]); err != nil {
			faults[i] = &connector.Permanent{Err: err}
		}
		ends[i] = p.Len()
	}
	if p.Len() == 0 {
		return faults.Err()
	}
	done, err := p.Exec(ctx)
	if err != nil && ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	start := 0
	for i, end := range ends {
		for _, cmd := range done[start:end] {
			if err := cmd.Err(); faults[i] == nil && err != nil && !errors.Is(err, client.Nil) {
				faults[i] = c.judge(ctx, err)
			}
		}
		start = end
	}
	return faults.Err()
}

// commands adds those of a message, all or none.
func (s *sink) commands(p client.Pipeliner, m *connector.Outbound) error {
	rows, err := codec.ParseRows(m.Payload)
	if err != nil {
		return err
	}
	list := make([][]any, 0, len(rows))
	for _, row := range rows {
		if list, err = s.row(list, m.Value("key", string(s.config.Key)), row); err != nil {
			return err
		}
	}
	ctx := context.Background() // that of Exec counts
	for _, args := range list {
		p.Do(ctx, args...)
	}
	return nil
}

// row appends the commands of a row.
func (s *sink) row(list [][]any, key string, row *value.Fields) ([][]any, error) {
	deletes, row, err := s.kind(row)
	if err != nil {
		return list, err
	}
	if s.config.KeyType == multiple {
		for i, name := range row.Names {
			v, err := text(row.Values[i])
			if err != nil {
				return list, fmt.Errorf("column %q: %w", name, err)
			}
			list = s.value(list, deletes, name, v)
		}
		return list, nil
	}
	if s.config.Field != "" {
		if key, err = keyIn(row, s.config.Field); err != nil {
			return list, err
		}
	}
	if key == "" {
		return list, errors.New("the key is empty")
	}
	switch s.config.DataType {
	case typeHash, typeStream:
		return s.fields(list, deletes, key, row)
	}
	v, err := value.OfObject(row).AppendJSON(nil)
	return s.value(list, deletes, key, string(v)), err
}

// keyIn is the key that is in a column.
func keyIn(row *value.Fields, column string) (string, error) {
	v := row.Get(column)
	if v.IsNull() {
		return "", fmt.Errorf("column %q, the key, is missing in the row", column)
	}
	return text(v)
}

// kind tells whether a row is deleted, and leaves out the column that says it.
func (s *sink) kind(row *value.Fields) (deletes bool, rest *value.Fields, err error) {
	name := s.config.RowKindField
	if name == "" {
		return false, row, nil
	}
	if v := row.Get(name); !v.IsNull() {
		switch kind, _ := text(v); kind {
		case "insert", "update", "upsert":
		case "delete":
			deletes = true
		default:
			return false, row, fmt.Errorf("column %q must be insert, update, upsert or delete", name)
		}
	}
	rest = (&codec.Choice{Drop: []string{name}}).Of(value.OfObject(row)).Object()
	return deletes, rest, nil
}

// value appends the commands for a value.
func (s *sink) value(list [][]any, deletes bool, key, v string) [][]any {
	switch t := s.config.DataType; {
	case t == typeList && deletes:
		return append(list, []any{"LPOP", key})
	case t == typeList:
		return s.expiring(append(list, []any{"LPUSH", key, v}), key)
	case t == typeSet && deletes:
		return append(list, []any{"SREM", key, v})
	case t == typeSet:
		return s.expiring(append(list, []any{"SADD", key, v}), key)
	case deletes:
		return append(list, []any{"DEL", key})
	case s.config.Expiration > 0:
		return append(list, []any{"SET", key, v, "PX", s.expiration().Milliseconds()})
	}
	return append(list, []any{"SET", key, v})
}

// fields appends the commands for a hash or an entry of a stream.
func (s *sink) fields(list [][]any, deletes bool, key string, row *value.Fields) ([][]any, error) {
	if deletes {
		return append(list, []any{"DEL", key}), nil
	}
	args := make([]any, 0, 6+2*len(row.Names))
	switch {
	case s.config.DataType == typeHash:
		args = append(args, "HSET", key)
	case s.config.MaxLength > 0:
		args = append(args, "XADD", key, "MAXLEN", "~", s.config.MaxLength, "*")
	default:
		args = append(args, "XADD", key, "*")
	}
	empty := len(args)
	if name := s.config.PayloadField; name != "" {
		v, err := value.OfObject(row).AppendJSON(nil)
		if err != nil {
			return list, err
		}
		return s.expiring(append(list, append(args, name, v)), key), nil
	}
	for i, name := range row.Names {
		if row.Values[i].IsNull() {
			continue
		}
		v, err := text(row.Values[i])
		if err != nil {
			return list, fmt.Errorf("column %q: %w", name, err)
		}
		args = append(args, name, v)
	}
	if len(args) == empty {
		return list, errors.New("the row has no column to write")
	}
	return s.expiring(append(list, args), key), nil
}

// expiring appends that a key expires, if it does.
func (s *sink) expiring(list [][]any, key string) [][]any {
	if s.config.Expiration <= 0 {
		return list
	}
	return append(list, []any{"PEXPIRE", key, s.expiration().Milliseconds()})
}

func (s *sink) expiration() time.Duration {
	return max(time.Millisecond, time.Duration(s.config.Expiration*float64(time.Second)))
}
