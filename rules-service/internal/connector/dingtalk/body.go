package dingtalk

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"sluice/rules-service/internal/connector"
)

// body is that of one message, or of several as one.
func (s *sink) body(msgs []connector.Outbound) (map[string]any, error) {
	if s.config.Type == "text" || s.config.Type == "markdown" || len(msgs) > 1 {
		return s.text(msgs), nil
	}
	o, err := connector.JSONObject(msgs[0].Payload)
	if err != nil {
		return nil, err
	}
	if s.config.Type != "raw" {
		return map[string]any{"msgtype": s.config.Type, s.config.Type: o}, nil
	}
	kind, _ := o["msgtype"].(string)
	if _, ok := o[kind].(map[string]any); !ok {
		return nil, errors.New(`the body has no "msgtype" with an object of that name`)
	}
	return o, nil
}

// text is the body of a text or a markdown, which mentions those that any of
// the messages mentions.
func (s *sink) text(msgs []connector.Outbound) map[string]any {
	text := connector.CutText(s.content(msgs), textBytes)
	mobiles, users := s.mentioned("atMobiles", s.config.AtMobiles, msgs), s.mentioned("atUserIds", s.config.AtUsers, msgs)
	at := map[string]any{"atMobiles": mobiles, "atUserIds": users, "isAtAll": s.config.AtAll}
	if s.config.Type != "markdown" {
		return map[string]any{"msgtype": "text", "text": map[string]any{"content": text}, "at": at}
	}
	for _, who := range slices.Concat(mobiles, users) { // a markdown mentions only who stands in it
		if !strings.Contains(text, "@"+who) {
			text += " @" + who
		}
	}
	title := msgs[0].Value("title", string(s.config.Title))
	return map[string]any{"msgtype": "markdown", "markdown": map[string]any{"title": title, "text": text}, "at": at}
}

func (s *sink) content(msgs []connector.Outbound) string {
	if len(msgs) == 1 {
		return string(msgs[0].Payload)
	}
	lines := make([]string, len(msgs))
	for i := range msgs {
		lines[i] = s.line(&msgs[i])
	}
	text := connector.JoinTexts(lines, textBytes)
	if s.config.Type == "markdown" { // which takes one line feed for a space
		text = strings.ReplaceAll(text, "\n", "\n\n")
	}
	return text
}

// line is what a message of many is in a line.
func (s *sink) line(m *connector.Outbound) string {
	if s.config.Type == "text" || s.config.Type == "markdown" {
		return string(m.Payload)
	}
	o, err := connector.JSONObject(m.Payload)
	if err != nil {
		return s.config.Type
	}
	if inner, ok := o[fmt.Sprint(o["msgtype"])].(map[string]any); ok {
		o = inner
	}
	for _, name := range []string{"title", "text", "content"} {
		if title, ok := o[name].(string); ok {
			return title
		}
	}
	return s.config.Type
}

// mentioned are those that any of the messages mentions, each once.
func (s *sink) mentioned(property string, configured connector.Template, msgs []connector.Outbound) []string {
	who := []string{}
	for i := range msgs {
		for name := range strings.SplitSeq(msgs[i].Value(property, string(configured)), ",") {
			if name = strings.TrimSpace(name); name != "" && !slices.Contains(who, name) {
				who = append(who, name)
			}
		}
	}
	return who
}
