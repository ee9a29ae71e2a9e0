package codec

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"unsafe"

	"github.com/valyala/fastjson"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// generic converts JSON values, with or without a declared type. It keeps the
// names of fields of objects, of which a stream has few.
type generic struct {
	wholeIsInt bool
	names      map[string]string
	number     []byte // text of the number at hand
}

// keptNames bounds the names of fields that a decoder keeps.
const keptNames = 4096

func (g *generic) name(b []byte) string {
	if s, ok := g.names[string(b)]; ok {
		return s
	}
	s := text(b)
	if g.names == nil || len(g.names) >= keptNames {
		g.names = map[string]string{}
	}
	g.names[s] = s
	return s
}

// value converts by the type that the JSON value has.
func (g *generic) value(v *fastjson.Value) (value.Value, error) {
	switch v.Type() {
	case fastjson.TypeNull:
		return value.Value{}, nil
	case fastjson.TypeTrue, fastjson.TypeFalse:
		return value.OfBool(v.Type() == fastjson.TypeTrue), nil
	case fastjson.TypeNumber:
		return g.anyNumber(v)
	case fastjson.TypeString:
		b, _ := v.StringBytes()
		return value.OfString(text(b)), nil
	case fastjson.TypeArray:
		return g.list(v, func(e *fastjson.Value) (value.Value, error) { return g.value(e) })
	}
	return g.object(v)
}

func (g *generic) list(v *fastjson.Value, each func(*fastjson.Value) (value.Value, error)) (value.Value, error) {
	elements := v.GetArray()
	out := make([]value.Value, len(elements))
	var err error
	for i, e := range elements {
		if out[i], err = each(e); err != nil {
			return value.Value{}, fmt.Errorf("[%d]%w", i, err)
		}
	}
	return value.OfList(out), nil
}

func (g *generic) object(v *fastjson.Value) (value.Value, error) {
	o, _ := v.Object()
	names, values := make([]string, 0, o.Len()), make([]value.Value, 0, o.Len())
	var first error
	o.Visit(func(key []byte, v *fastjson.Value) {
		e, err := g.value(v)
		if err != nil && first == nil {
			first = fmt.Errorf(".%s%w", key, err)
		}
		names, values = append(names, g.name(key)), append(values, e)
	})
	if first != nil {
		return value.Value{}, first
	}
	return value.OfObject(value.FieldsOf(names, values)), nil
}

// digits is the text of a number, valid until the next call; nil when it is
// none that JSON allows: the parser checks numbers loosely.
func (g *generic) digits(v *fastjson.Value) string {
	g.number = v.MarshalTo(g.number[:0])
	if !isNumber(g.number) {
		return ""
	}
	return unsafe.String(unsafe.SliceData(g.number), len(g.number))
}

func (g *generic) anyNumber(v *fastjson.Value) (value.Value, error) {
	s := g.digits(v)
	if g.wholeIsInt {
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			return value.OfInt(i), nil
		}
	}
	return g.float(s)
}

func (g *generic) float(s string) (value.Value, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return value.Value{}, fmt.Errorf(": %q is no number that FLOAT can hold", string(g.number))
	}
	return value.OfFloat(f), nil
}

// whole reads a number that is whole, however it is written.
func (g *generic) whole(v *fastjson.Value) (value.Value, error) {
	s := g.digits(v)
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return value.OfInt(i), nil
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && f == math.Trunc(f) && math.Abs(f) <= 1<<53 {
		return value.OfInt(int64(f)), nil
	}
	return value.Value{}, fmt.Errorf(": %q is no whole number that BIGINT can hold", string(g.number))
}

// declared converts to the type of a declared column.
func (g *generic) declared(f *sqlengine.Field, texts *interner, v *fastjson.Value, strict bool) (value.Value, error) {
	t := v.Type()
	switch {
	case t == fastjson.TypeNull:
		return value.Value{}, nil
	case f.Kind == value.Int && t == fastjson.TypeNumber:
		return g.whole(v)
	case f.Kind == value.Float && t == fastjson.TypeNumber:
		return g.float(g.digits(v))
	case f.Kind == value.String && t == fastjson.TypeString:
		b, _ := v.StringBytes()
		return value.OfString(texts.text(b)), nil
	case f.Kind == value.String && t == fastjson.TypeNumber:
		return value.OfString(texts.text([]byte(g.digits(v)))), nil
	case f.Kind == value.Bool:
		if b, ok := g.boolean(v); ok {
			return value.OfBool(b), nil
		}
	case f.Kind == value.Bytes && t == fastjson.TypeString:
		return g.base64(v)
	case f.Kind == value.Time && (t == fastjson.TypeNumber || t == fastjson.TypeString):
		return g.time(v, strict)
	case f.Kind == value.List && t == fastjson.TypeArray:
		if f.Elem == nil {
			return g.value(v)
		}
		return g.list(v, func(e *fastjson.Value) (value.Value, error) { return g.declared(f.Elem, texts, e, strict) })
	case f.Kind == value.Object && t == fastjson.TypeObject:
		if f.Fields == nil {
			return g.object(v)
		}
		return g.structure(f, v, strict)
	case f.Kind == value.Null:
		return g.value(v)
	}
	return value.Value{}, fmt.Errorf(": %s where %s is declared", typeName(v), f.Kind)
}

// structure keeps the declared fields alone.
func (g *generic) structure(f *sqlengine.Field, v *fastjson.Value, strict bool) (value.Value, error) {
	o, _ := v.Object()
	var names []string
	var values []value.Value
	var first error
	o.Visit(func(key []byte, v *fastjson.Value) {
		for i := range f.Fields {
			if f.Fields[i].Name != string(key) {
				continue
			}
			e, err := g.declared(&f.Fields[i], &interner{off: true}, v, strict)
			if err != nil && first == nil {
				first = fmt.Errorf(".%s%w", key, err)
			}
			names, values = append(names, f.Fields[i].Name), append(values, e)
		}
	})
	if first != nil {
		return value.Value{}, first
	}
	return value.OfObject(value.FieldsOf(names, values)), nil
}

func (g *generic) boolean(v *fastjson.Value) (b, ok bool) {
	switch v.Type() {
	case fastjson.TypeTrue:
		return true, true
	case fastjson.TypeFalse:
		return false, true
	case fastjson.TypeString:
		s, _ := v.StringBytes()
		return string(s) == "true", string(s) == "true" || string(s) == "false"
	case fastjson.TypeNumber:
		s := g.digits(v)
		return s == "1", s == "0" || s == "1"
	}
	return false, false
}

func (g *generic) base64(v *fastjson.Value) (value.Value, error) {
	s, _ := v.StringBytes()
	b, err := base64.StdEncoding.AppendDecode(nil, s)
	if err != nil {
		return value.Value{}, fmt.Errorf(": BYTEA wants base64: %w", err)
	}
	return value.OfBytes(b), nil
}

// isNumber checks the grammar of JSON.
func isNumber(b []byte) bool {
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	n := digitRun(b)
	if n == 0 || n > 1 && b[0] == '0' {
		return false
	}
	if b = b[n:]; len(b) > 0 && b[0] == '.' {
		if n = digitRun(b[1:]); n == 0 {
			return false
		}
		b = b[1+n:]
	}
	if len(b) > 0 && (b[0] == 'e' || b[0] == 'E') {
		if b = b[1:]; len(b) > 0 && (b[0] == '+' || b[0] == '-') {
			b = b[1:]
		}
		return len(b) > 0 && digitRun(b) == len(b)
	}
	return len(b) == 0
}

func digitRun(b []byte) int {
	n := 0
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	return n
}

func typeName(v *fastjson.Value) string {
	switch v.Type() {
	case fastjson.TypeTrue, fastjson.TypeFalse:
		return "boolean"
	case fastjson.TypeNull:
		return "null"
	}
	return v.Type().String()
}
