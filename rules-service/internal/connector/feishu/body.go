package feishu

import (
	"encoding/json"
	"errors"
	"fmt"

	"sluice/rules-service/internal/connector"
)

// body is that of one message, or of several as one.
func (s *sink) body(msgs []connector.Outbound) (map[string]any, error) {
	if s.config.Type == "text" || len(msgs) > 1 {
		return s.text(msgs), nil
	}
	m := &msgs[0]
	if len(m.Payload) > bodyBytes {
		return nil, fmt.Errorf("it has %d bytes; Feishu takes %d", len(m.Payload), bodyBytes)
	}
	o, err := connector.JSONObject(m.Payload)
	if err != nil {
		return nil, err
	}
	switch s.config.Type {
	case "interactive":
		return map[string]any{"msg_type": "interactive", "card": o}, nil
	case "raw":
		if kind, _ := o["msg_type"].(string); kind == "" {
			return nil, errors.New(`the body has no "msg_type"`)
		}
		return o, nil
	}
	return map[string]any{"msg_type": s.config.Type, "content": o}, nil
}

func (s *sink) text(msgs []connector.Outbound) map[string]any {
	text := string(msgs[0].Payload)
	if len(msgs) > 1 {
		lines := make([]string, len(msgs))
		for i := range msgs {
			lines[i] = s.line(&msgs[i])
		}
		text = connector.JoinTexts(lines, textBytes)
	}
	return map[string]any{"msg_type": "text", "content": map[string]any{"text": connector.CutText(text, textBytes)}}
}

// line is what a message of many is in a line.
func (s *sink) line(m *connector.Outbound) string {
	if s.config.Type == "text" {
		return string(m.Payload)
	}
	var v any
	if json.Unmarshal(m.Payload, &v) == nil {
		if title := titleOf(v); title != "" {
			return title
		}
	}
	return s.config.Type
}

// titleOf finds the title of a card or post, however deep; "" when there is none.
func titleOf(v any) string {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if title := titleOf(e); title != "" {
				return title
			}
		}
	case map[string]any:
		for _, name := range []string{"title", "text"} {
			if title, ok := v[name].(string); ok {
				return title
			}
		}
		for _, name := range []string{"card", "header", "title", "content", "post", "zh_cn", "en_us"} {
			if title := contentOf(v[name]); title != "" {
				return title
			}
		}
	}
	return ""
}

// contentOf is the text of an element of a card, or the title below it.
func contentOf(v any) string {
	if o, ok := v.(map[string]any); ok {
		if text, ok := o["content"].(string); ok {
			return text
		}
	}
	return titleOf(v)
}
