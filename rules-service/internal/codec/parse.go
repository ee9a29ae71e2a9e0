package codec

import (
	"fmt"

	"github.com/valyala/fastjson"

	"sluice/sqlengine/value"
)

// ParseJSON converts a JSON text of any shape; numbers are FLOAT.
func ParseJSON(text []byte) (value.Value, error) {
	var p fastjson.Parser
	v, err := p.ParseBytes(text)
	if err != nil {
		return value.Value{}, fmt.Errorf("parse json: %w", err)
	}
	var g generic
	out, err := g.value(v)
	if err != nil {
		return value.Value{}, fmt.Errorf("parse json%w", err)
	}
	return out, nil
}
