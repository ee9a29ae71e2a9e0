package sqltest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// converter turns JSON into values of a stream as the rules service does:
// TestDecodesAsTheService compares the two. Its errors begin with the place
// inside the column: "[2].x: …".
type converter struct {
	whole  bool // undeclared whole numbers are BIGINT
	strict bool // DATETIME is converted
}

// free is a value of an undeclared column.
func (c converter) free(x any) (value.Value, error) {
	switch x := x.(type) {
	case bool:
		return value.OfBool(x), nil
	case string:
		return value.OfString(x), nil
	case json.Number:
		if i, err := strconv.ParseInt(x.String(), 10, 64); err == nil && c.whole {
			return value.OfInt(i), nil
		}
		return float(x)
	case []any:
		return list(x, c.free)
	case object:
		values := make([]value.Value, len(x.values))
		for i, v := range x.values {
			var err error
			if values[i], err = c.free(v); err != nil {
				return value.Value{}, fmt.Errorf(".%s%w", x.names[i], err)
			}
		}
		return value.OfObject(value.FieldsOf(x.names[:len(x.names):len(x.names)], values)), nil
	}
	return value.Value{}, nil
}

func list(x []any, each func(any) (value.Value, error)) (value.Value, error) {
	out := make([]value.Value, len(x))
	for i, e := range x {
		var err error
		if out[i], err = each(e); err != nil {
			return value.Value{}, fmt.Errorf("[%d]%w", i, err)
		}
	}
	return value.OfList(out), nil
}

func float(n json.Number) (value.Value, error) {
	f, err := n.Float64()
	if err != nil {
		return value.Value{}, fmt.Errorf(": %q is no number that FLOAT can hold", n)
	}
	return value.OfFloat(f), nil
}

// bigint reads a number that is whole, however it is written.
func bigint(n json.Number) (value.Value, error) {
	if i, err := strconv.ParseInt(n.String(), 10, 64); err == nil {
		return value.OfInt(i), nil
	}
	if f, err := n.Float64(); err == nil && f == math.Trunc(f) && math.Abs(f) <= 1<<53 {
		return value.OfInt(int64(f)), nil
	}
	return value.Value{}, fmt.Errorf(": %q is no whole number that BIGINT can hold", n)
}

// declared is a value of a declared column.
func (c converter) declared(f *sqlengine.Field, x any) (value.Value, error) {
	if x == nil || f.Kind == value.Null {
		return c.free(x)
	}
	switch x := x.(type) {
	case bool:
		if f.Kind == value.Bool {
			return value.OfBool(x), nil
		}
	case json.Number:
		return c.number(f, x)
	case string:
		return c.text(f, x)
	case []any:
		if f.Kind == value.List && f.Elem == nil {
			return c.free(x)
		}
		if f.Kind == value.List {
			return list(x, func(e any) (value.Value, error) { return c.declared(f.Elem, e) })
		}
	case object:
		if f.Kind == value.Object && f.Fields == nil {
			return c.free(x)
		}
		if f.Kind == value.Object {
			return c.structure(f, x)
		}
	}
	return mismatch(f, x)
}

func mismatch(f *sqlengine.Field, x any) (value.Value, error) {
	return value.Value{}, fmt.Errorf(": %s where %s is declared", typeName(x), f.Kind)
}

func (c converter) number(f *sqlengine.Field, n json.Number) (value.Value, error) {
	switch {
	case f.Kind == value.Int:
		return bigint(n)
	case f.Kind == value.Float:
		return float(n)
	case f.Kind == value.String:
		return value.OfString(n.String()), nil
	case f.Kind == value.Bool && (n == "0" || n == "1"):
		return value.OfBool(n == "1"), nil
	case f.Kind == value.Time:
		ms, err := bigint(n)
		if err != nil || !c.strict {
			return ms, err
		}
		return value.OfTime(time.UnixMilli(ms.Int()).UnixNano()), nil
	}
	return mismatch(f, n)
}

func (c converter) text(f *sqlengine.Field, s string) (value.Value, error) {
	switch {
	case f.Kind == value.String || f.Kind == value.Time && !c.strict:
		return value.OfString(s), nil
	case f.Kind == value.Time:
		return instant(s)
	case f.Kind == value.Bool && (s == "true" || s == "false"):
		return value.OfBool(s == "true"), nil
	case f.Kind == value.Bytes:
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return value.Value{}, fmt.Errorf(": BYTEA wants base64: %w", err)
		}
		return value.OfBytes(b), nil
	}
	return mismatch(f, s)
}

// layouts are the texts that a DATETIME column takes under STRICT_VALIDATION.
var layouts = []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", "2006-01-02"}

func instant(s string) (value.Value, error) {
	for _, l := range layouts {
		if t, err := time.Parse(l, s); err == nil {
			return value.OfTime(t.UnixNano()), nil
		}
	}
	return value.Value{}, fmt.Errorf(": %q is no DATETIME: milliseconds or a text such as %q are wanted", s, layouts[1])
}

// structure keeps the declared fields alone.
func (c converter) structure(f *sqlengine.Field, o object) (value.Value, error) {
	var names []string
	var values []value.Value
	for i, name := range o.names {
		for j := range f.Fields {
			if f.Fields[j].Name != name {
				continue
			}
			v, err := c.declared(&f.Fields[j], o.values[i])
			if err != nil {
				return value.Value{}, fmt.Errorf(".%s%w", name, err)
			}
			names, values = append(names, name), append(values, v)
		}
	}
	return value.OfObject(value.FieldsOf(names, values)), nil
}
