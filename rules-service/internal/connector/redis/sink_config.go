package redis

import (
	"errors"
	"fmt"
	"slices"

	"sluice/rules-service/internal/connector"
)

// SinkConfig is the configuration of the sink redis.
type SinkConfig struct {
	Server
	Key          connector.Template `prop:"key" doc:"Key to write to, such as \"machine:{{.device}}\"."`
	Field        string             `prop:"field" doc:"Column whose value is the key, in place of key."`
	KeyType      string             `prop:"keyType" doc:"single: a row is one value, a JSON object; multiple: each column is a value by itself, under its name as the key."`
	DataType     string             `prop:"dataType" doc:"string: SET; list: LPUSH; set: SADD; hash: HSET, a field for each column; stream: XADD, a field for each column."`
	Expiration   float64            `prop:"expiration" doc:"Seconds after which the key is deleted; -1: never."`
	RowKindField string             `prop:"rowkindField" doc:"Column that says what becomes of the row: insert, update, upsert (as when it is missing) or delete, which deletes the key: with DEL, from a list with LPOP, from a set with SREM."`
	MaxLength    int                `prop:"maxLength" doc:"Entries of a stream that are kept, at least; 0: all."`
	PayloadField string             `prop:"payloadField" doc:"Field of entries of a stream that has the row as a JSON object, in place of a field for each column."`
}

// The data types.
const (
	typeString = "string"
	typeList   = "list"
	typeSet    = "set"
	typeHash   = "hash"
	typeStream = "stream"
)

var dataTypes = []string{typeString, typeList, typeSet, typeHash, typeStream}

// How rows become values.
const (
	single   = "single"
	multiple = "multiple"
)

// Validate checks what the types cannot say.
func (c *SinkConfig) Validate() error {
	whole := c.DataType == typeHash || c.DataType == typeStream
	switch {
	case c.KeyType != single && c.KeyType != multiple:
		return fmt.Errorf(`property "keyType": there are single and multiple, not %q`, c.KeyType)
	case !slices.Contains(dataTypes, c.DataType):
		return fmt.Errorf(`property "dataType": there are string, list, set, hash and stream, not %q`, c.DataType)
	case c.KeyType == multiple && whole:
		return fmt.Errorf("keyType multiple is for values; a %s has a field for each column", c.DataType)
	case c.KeyType == single && c.Key == "" && c.Field == "":
		return errors.New("properties \"key\" and \"field\" are missing; give the key, or the column that has it")
	case c.Expiration != -1 && !(c.Expiration > 0 && c.Expiration < 1<<31):
		return errors.New(`property "expiration" is a number of seconds; -1: never`)
	case c.MaxLength < 0:
		return errors.New(`property "maxLength" must not be negative`)
	case c.DataType != typeStream && (c.MaxLength > 0 || c.PayloadField != ""):
		return errors.New(`properties "maxLength" and "payloadField" are for dataType stream`)
	}
	return c.Server.Validate()
}

// Adjust makes a message of each row, so that the template of the key sees it.
func (c *SinkConfig) Adjust(common *connector.SinkCommon) error {
	if common.DataTemplate == "" {
		common.SendSingle = true
	}
	return nil
}

func registerSink(r *connector.Registry) {
	connector.AddSink(r, connector.SinkSpec[SinkConfig]{
		Name: "redis",
		Summary: "Writes rows to Redis: as values, to lists, sets and hashes, or to streams. What waits is written together. NULL columns of hashes and streams are left out. " +
			"What cannot be written, because the key holds another type, becomes a dead letter. Without dataTemplate each row is a message of its own, so that templates see one row.",
		Defaults: SinkConfig{Server: defaultServer, KeyType: single, DataType: typeString, Expiration: -1},
		Example:  `{"addr": "127.0.0.1:6379", "key": "machine:{{.device}}", "dataType": "hash"}`,
		Rows:     true,
		New: func(c SinkConfig, _ connector.Env) (connector.Sink, error) {
			conn, err := c.connection(1)
			return &sink{config: c, conn: conn}, err
		},
	})
}
