package delivery

import (
	"errors"
	"fmt"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// encoding is how the payloads of an action are written. Most actions send plain
// JSON and have none.
type encoding struct {
	writer codec.Writer  // nil: JSON, or rows
	joiner codec.Joiner  // the writer, where an action has batches
	reader codec.Decoder // of what dataTemplate gives, for a sink of rows; nil: JSON
	packer *codec.Packer // nil: payloads are sent as they are
}

// newEncoding is nil for plain JSON, and for rows.
func newEncoding(c *connector.SinkConfig, env *connector.Env) (*encoding, error) {
	common := &c.Common
	packing, err := packingOf(common, env)
	switch {
	case err != nil:
		return nil, err
	case common.Format == "json" && packing.None():
		return nil, nil
	case c.Rows:
		return newRowsEncoding(common, packing, env)
	}
	e := &encoding{}
	if e.packer, err = codec.NewPacker(packing); err != nil {
		return nil, err
	}
	if common.Format != "json" {
		err = e.setFormat(common, env)
	}
	return e, err
}

func (e *encoding) setFormat(common *connector.SinkCommon, env *connector.Env) (err error) {
	if e.writer, err = codec.NewWriter(common.Format, formOf(common, env)); err != nil {
		return err
	}
	var joins bool
	if e.joiner, joins = e.writer.(codec.Joiner); !joins && batches(common) {
		return fmt.Errorf("payloads of format %s cannot be joined; leave batchSize and lingerInterval out", common.Format)
	}
	return nil
}

// newRowsEncoding is that of a sink that takes rows: it writes its own format.
func newRowsEncoding(common *connector.SinkCommon, packing codec.Packing, env *connector.Env) (*encoding, error) {
	if !packing.None() {
		return nil, errors.New("the sink takes rows, which are neither compressed nor encrypted; leave compression and encryption out")
	}
	if common.DataTemplate == "" {
		return nil, fmt.Errorf("the sink takes rows, so format %q has no effect without dataTemplate; leave it out", common.Format)
	}
	form := formOf(common, env)
	schema := &value.Schema{Columns: []value.Column{{Name: "*", Role: value.Whole}}}
	d, err := codec.NewDecoder(common.Format, schema, codec.DecoderOptions{Form: &form})
	return &encoding{reader: d}, err
}

// formOf says how payloads are written. The text of a template has the header
// that it writes itself.
func formOf(c *connector.SinkCommon, env *connector.Env) codec.Form {
	return codec.Form{SchemaID: c.SchemaID, Schemas: env.Schemas, Delimiter: c.Delimiter, HasHeader: c.HasHeader && !isText(c), Columns: c.Fields}
}

// isText tells whether the text of dataTemplate is what a format of texts sends.
func isText(c *connector.SinkCommon) bool {
	return c.DataTemplate != "" && c.DataField == "" && len(c.Fields)+len(c.ExcludeFields) == 0
}

func packingOf(c *connector.SinkCommon, env *connector.Env) (p codec.Packing, err error) {
	p = codec.Packing{Compression: c.Compression, Level: c.CompressionProps.Level, Encryption: c.Encryption}
	if p.Encryption == "" {
		return p, nil
	}
	p.AES = codec.AES{Mode: c.EncProps.Mode, IV: c.EncProps.IV, AAD: c.EncProps.AAD, TagSize: c.EncProps.TagSize}
	p.AES.Key, err = env.Key()
	return p, err
}

// batches tells whether results are collected.
func batches(c *connector.SinkCommon) bool { return c.BatchSize > 1 || c.LingerInterval > 0 }

// pack makes a payload what goes out.
func (e *encoding) pack(payload []byte) []byte {
	if !e.packs() {
		return payload
	}
	return e.packer.Pack(payload)
}

// packs tells whether payloads are changed on their way out.
func (e *encoding) packs() bool { return e != nil && e.packer != nil }

// formatted tells whether payloads are not JSON.
func (e *encoding) formatted() bool { return e != nil && e.writer != nil }
