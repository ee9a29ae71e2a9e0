package codec

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fastjson"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// fromText reads a text as the type of a declared column. An empty one is NULL
// unless it is a STRING.
func fromText(f *sqlengine.Field, texts *interner, b []byte, strict bool) (value.Value, error) {
	if f.Kind == value.String || f.Kind == value.Null {
		return value.OfString(texts.text(b)), nil
	}
	s := strings.TrimSpace(string(b))
	if s == "" {
		return value.Value{}, nil
	}
	switch f.Kind {
	case value.Int:
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			return value.OfInt(i), nil
		}
		if x, err := strconv.ParseFloat(s, 64); err == nil && x == math.Trunc(x) && math.Abs(x) <= 1<<53 {
			return value.OfInt(int64(x)), nil
		}
	case value.Float:
		if x, err := strconv.ParseFloat(s, 64); err == nil {
			return value.OfFloat(x), nil
		}
	case value.Bool:
		if x, err := strconv.ParseBool(s); err == nil {
			return value.OfBool(x), nil
		}
	case value.Bytes:
		if x, err := base64.StdEncoding.DecodeString(s); err == nil {
			return value.OfBytes(x), nil
		}
	case value.Time:
		return timeFromText(s, strict)
	case value.List, value.Object:
		return jsonFromText(f, s, strict)
	}
	return value.Value{}, fmt.Errorf("%q is no %s", shorten(s), f.Kind)
}

// timeFromText keeps a DATETIME as it came, unless the stream is strict.
func timeFromText(s string, strict bool) (value.Value, error) {
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil {
		if !strict {
			return value.OfInt(ms), nil
		}
		return value.OfTime(time.UnixMilli(ms).UnixNano()), nil
	}
	if !strict {
		return value.OfString(s), nil
	}
	for _, l := range layouts {
		if t, err := time.Parse(l, s); err == nil {
			return value.OfTime(t.UnixNano()), nil
		}
	}
	return value.Value{}, fmt.Errorf("%q is no DATETIME: milliseconds or a text such as %q are wanted", shorten(s), layouts[1])
}

// jsonFromText reads an ARRAY or a STRUCT.
func jsonFromText(f *sqlengine.Field, s string, strict bool) (value.Value, error) {
	v, err := fastjson.Parse(s)
	if err != nil {
		return value.Value{}, fmt.Errorf("%q is no %s: JSON is wanted", shorten(s), f.Kind)
	}
	var g generic
	out, err := g.declared(f, &interner{off: true}, v, strict)
	if err != nil {
		return value.Value{}, fmt.Errorf("%s%w", f.Kind, err)
	}
	return out, nil
}

// shownText bounds what an error repeats of a payload.
const shownText = 40

func shorten(s string) string {
	if len(s) <= shownText {
		return s
	}
	return strings.ToValidUTF8(s[:shownText], "") + "…"
}

// appendText appends a value as formats of texts have it: NULL is empty, a
// STRUCT or ARRAY is JSON.
func appendText(dst []byte, v value.Value) ([]byte, error) {
	switch v.Kind() {
	case value.Null:
		return dst, nil
	case value.String:
		return append(dst, v.Str()...), nil
	case value.Bytes:
		return base64.StdEncoding.AppendEncode(dst, v.Bytes()), nil
	case value.Time:
		start := len(dst)
		dst, err := v.AppendJSON(dst)
		if err != nil {
			return dst, err
		}
		return append(dst[:start], dst[start+1:len(dst)-1]...), nil // without quotes
	}
	return v.AppendJSON(dst)
}
