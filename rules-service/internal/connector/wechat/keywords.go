package wechat

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"sluice/rules-service/internal/connector"
)

// longest are how many characters a keyword may have, by the beginning of its
// name; a longer one is refused (47003).
var longest = map[string]int{"thing": 20, "character_string": 32, "number": 32, "letter": 32, "symbol": 5,
	"phone_number": 17, "car_number": 8, "name": 20, "phrase": 5, "const": 20}

var errNoKeyword = errors.New(`the payload has no keyword such as {"thing1": "boiler 1"}`)

// keywords reads the payload: names with values, or with objects that have a
// value, as WeChat wants them.
func keywords(payload []byte) (map[string]any, error) {
	v, err := connector.JSONObject(payload)
	if err != nil {
		return nil, err
	}
	if len(v) == 0 {
		return nil, errNoKeyword
	}
	data := make(map[string]any, len(v))
	for name, v := range v {
		inner, ok := v.(map[string]any)
		if !ok {
			inner = map[string]any{"value": v}
		}
		if _, ok := inner["value"]; !ok {
			return nil, fmt.Errorf("keyword %q has no value", name)
		}
		inner["value"] = fitted(name, fmt.Sprint(inner["value"]))
		data[name] = inner
	}
	return data, nil
}

// fitted cuts a value to the length that its keyword allows.
func fitted(name, text string) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	limit := longest[strings.TrimRight(name, "0123456789")]
	if limit == 0 || utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit-1]) + "…"
}
