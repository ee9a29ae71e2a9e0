package connector

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// JSONObject reads a payload that must be one JSON object. It takes an array
// with one too: so results look without sendSingle. Numbers stay as they are
// written.
func JSONObject(payload []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(payload))
	d.UseNumber()
	var v any
	if d.Decode(&v) == nil && errors.Is(d.Decode(new(any)), io.EOF) {
		if list, ok := v.([]any); ok && len(list) == 1 {
			v = list[0]
		}
		if o, ok := v.(map[string]any); ok {
			return o, nil
		}
	}
	return nil, errors.New("the payload is no JSON object; write one with dataTemplate and set sendSingle")
}
