package delivery

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// toXML writes a value as text of XML or of an attribute in double quotes. What
// XML cannot hold is replaced; NULL is nothing.
func toXML(v any) (string, error) {
	var b strings.Builder
	err := xml.EscapeText(&b, []byte(plainText(v)))
	return b.String(), err
}

// plainText is a value as people write it, without an exponent.
func plainText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []byte:
		return string(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case map[string]any, []any:
		if text, err := json.Marshal(v); err == nil {
			return string(text)
		}
	}
	return fmt.Sprint(v)
}

// toXMLTime writes milliseconds, or a time as a text, as xs:dateTime in UTC.
func toXMLTime(v any) (string, error) {
	const layout = "2006-01-02T15:04:05.000Z07:00"
	if t, ok := v.(time.Time); ok {
		return t.UTC().Format(layout), nil
	}
	text := plainText(v)
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.UnixMilli(ms).UTC().Format(layout), nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return "", fmt.Errorf("%q is no time: milliseconds or a text such as 2026-11-20T21:10:59Z are", text)
	}
	return t.UTC().Format(layout), nil
}
