package codec

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unsafe"

	"github.com/valyala/fastjson"

	"sluice/sqlengine/value"
)

// readingValue converts a reading by its valueType.
func (g *generic) readingValue(r *reading, texts *interner) (value.Value, error) {
	switch string(r.valueType) {
	case "Binary":
		return value.OfBytes(r.binary), nil
	case "Object":
		return r.object, nil
	case "String":
		return value.OfString(texts.text(r.text)), nil
	}
	if kind, ok := bytes.CutSuffix(r.valueType, []byte("Array")); ok {
		return g.arrayValue(string(kind), r.text)
	}
	return simpleValue(string(r.valueType), unsafe.String(unsafe.SliceData(r.text), len(r.text)))
}

// simpleValue parses the decimal text of one value.
func simpleValue(valueType, s string) (value.Value, error) {
	switch valueType {
	case "Bool":
		b, err := strconv.ParseBool(s)
		return value.OfBool(b), cause(err, s, valueType)
	case "Int8", "Int16", "Int32", "Int64":
		i, err := strconv.ParseInt(s, 10, 64)
		return value.OfInt(i), cause(err, s, valueType)
	case "Uint8", "Uint16", "Uint32", "Uint64":
		u, err := strconv.ParseUint(s, 10, 64)
		return ofUint(u), cause(err, s, valueType)
	case "Float32", "Float64":
		f, err := strconv.ParseFloat(s, 64)
		return value.OfFloat(f), cause(err, s, valueType)
	case "String":
		return value.OfString(strings.Clone(s)), nil
	}
	return value.Value{}, fmt.Errorf("unknown valueType %q", strings.Clone(valueType))
}

// cause words an error without the buffer it points into.
func cause(err error, s, valueType string) error {
	if err == nil {
		return nil
	}
	reason := errors.New("no such value")
	if errors.Is(err, strconv.ErrRange) {
		reason = strconv.ErrRange
	}
	return fmt.Errorf("%q as %s: %w", strings.Clone(s), strings.Clone(valueType), reason)
}

// arrayValue parses the text of an array: JSON, of numbers or of texts of
// numbers. EdgeX writes texts of a StringArray without quotes.
func (g *generic) arrayValue(kind string, text []byte) (value.Value, error) {
	var p fastjson.Parser
	v, err := p.ParseBytes(text)
	if err == nil && v.Type() == fastjson.TypeArray {
		return g.list(v, func(e *fastjson.Value) (value.Value, error) { return g.element(kind, e) })
	}
	inner, opened := strings.CutPrefix(string(text), "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if !opened || !closed || kind != "String" {
		return value.Value{}, fmt.Errorf("%q is no array of %s", text, kind)
	}
	var out []value.Value
	for _, s := range strings.Split(inner, ", ") {
		out = append(out, value.OfString(s))
	}
	return value.OfList(out), nil
}

func (g *generic) element(kind string, e *fastjson.Value) (value.Value, error) {
	if kind == "String" {
		return bareText(e)
	}
	switch e.Type() {
	case fastjson.TypeString:
		b, _ := e.StringBytes()
		v, err := simpleValue(kind, string(b))
		return v, glue(err)
	case fastjson.TypeNumber:
		v, err := simpleValue(kind, g.digits(e))
		return v, glue(err)
	case fastjson.TypeTrue, fastjson.TypeFalse:
		if kind == "Bool" {
			return value.OfBool(e.Type() == fastjson.TypeTrue), nil
		}
	}
	return value.Value{}, fmt.Errorf(": %s in an array of %s", typeName(e), kind)
}

// bareText reads a text that EdgeX has written without quotes as well: 007, e0
// and true are texts, though a JSON parser takes them for something else.
func bareText(e *fastjson.Value) (value.Value, error) {
	switch e.Type() {
	case fastjson.TypeString:
		b, _ := e.StringBytes()
		return value.OfString(text(b)), nil
	case fastjson.TypeObject, fastjson.TypeArray:
		return value.Value{}, fmt.Errorf(": %s in an array of String", typeName(e))
	}
	return value.OfString(string(e.MarshalTo(nil))), nil
}

// glue is the form that paths are put in front of.
func glue(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(": %w", err)
}
