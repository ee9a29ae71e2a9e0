package hub

import (
	"cmp"
	"fmt"
	"strings"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// encoding is how the messages of a stream are written.
type encoding struct {
	format       string
	wholeNumbers bool
	form         *codec.Form // nil: that of plain payloads
	types        codec.Types // of device models; nil: there are none
}

// encodingOf takes it from the options of a stream, and from the properties of
// its source where these do not say it.
func (h *Hub) encodingOf(def *sqlengine.Stream, conf *connector.SourceConfig) (e encoding, err error) {
	common := &conf.Common
	e.wholeNumbers = common.UseInt64ForWholeNumber
	if e.format = strings.ToLower(def.Options.Format); e.format == "json" && common.Format != "" {
		e.format = strings.ToLower(common.Format)
	}
	if conf.Format != "" {
		e.format = conf.Format
	}
	if conf.Types != nil {
		if e.types, err = conf.Types(); err != nil {
			return e, err
		}
	}
	form := codec.Form{SchemaID: common.SchemaID, Delimiter: cmp.Or(def.Options.Delimiter, common.Delimiter), HasHeader: common.HasHeader, Columns: common.Fields}
	form.Packing = codec.Packing{Compression: common.Decompression, Encryption: common.Decryption}
	switch {
	case conf.Format != "" && !form.Packing.None():
		return e, fmt.Errorf("messages of a %s source are neither compressed nor encrypted; leave decompression and decryption out", conf.Type)
	case form.SchemaID != "" && e.format != "protobuf":
		return e, fmt.Errorf("SCHEMAID names a message of format protobuf, and the format is %s", e.format)
	case (form.HasHeader || len(form.Columns) > 0) && e.format != "delimited":
		return e, fmt.Errorf("the properties hasHeader and fields belong to format delimited, and the format is %s", e.format)
	case e.format == "protobuf":
		form.Schemas = codec.Pin(h.env.Schemas)
	case e.format != "delimited" && form.Packing.None():
		return e, nil // most have no form
	}
	if common.Decryption != "" {
		form.Packing.AES = codec.AES{Mode: common.DecProps.Mode, IV: common.DecProps.IV, AAD: common.DecProps.AAD, TagSize: common.DecProps.TagSize}
		form.Packing.AES.Key, err = h.env.Key()
	}
	e.form = &form
	return e, err
}

// decoder makes a decoder for the columns of schema.
func (e *encoding) decoder(schema *value.Schema, def *sqlengine.Stream) (codec.Decoder, error) {
	o := decoderOptions(def, e.wholeNumbers)
	o.Form, o.Types = e.form, e.types
	return codec.NewDecoder(e.format, schema, o)
}

// CheckColumns tells which of the columns that a rule reads the messages of a
// stream can not have.
func (h *Hub) CheckColumns(def *sqlengine.Stream, columns []value.Column) error {
	if def.Options.SchemaID == "" || isLookup(def) {
		return nil // any message may have any column
	}
	e, _, err := h.configure(def)
	if err != nil {
		return err
	}
	var names []string
	for _, c := range columns {
		if c.Role == value.Field {
			names = append(names, c.Name)
		}
	}
	return codec.CheckColumns(e.format, e.form, names)
}

// Schema names the message of the schema registry that a stream is read with;
// "": none, or the definition is not right.
func (h *Hub) Schema(def *sqlengine.Stream) string {
	if isLookup(def) {
		return ""
	}
	conf, err := h.connection(def)
	if err != nil {
		return def.Options.SchemaID
	}
	return conf.Common.SchemaID
}
