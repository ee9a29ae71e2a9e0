package connectortest

import (
	"bytes"
	"encoding/json"
	"strings"
)

// JSON is v with its characters as they are: < is not \u003c.
func JSON(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err.Error()
	}
	return strings.TrimSpace(b.String())
}
