package sap

import (
	"encoding/json"
	"strings"

	"sluice/rules-service/internal/httpclient"
)

// errorText is what an answer of OData says about an error, or the whole of it.
func errorText(a *httpclient.Answer) string { return textOfError(a.Body) }

func textOfError(body []byte) string {
	var answer struct {
		Error struct {
			Code    any
			Message json.RawMessage
		}
	}
	if json.Unmarshal(body, &answer) == nil && len(answer.Error.Message) > 0 {
		var text string
		var inner struct{ Value string }
		if json.Unmarshal(answer.Error.Message, &text) != nil && json.Unmarshal(answer.Error.Message, &inner) == nil {
			text = inner.Value
		}
		if text != "" {
			return text
		}
	}
	if root, err := parseXML(body); err == nil {
		if m := root.find("message"); m != nil {
			return m.text
		}
	}
	return strings.TrimSpace(string(body))
}
