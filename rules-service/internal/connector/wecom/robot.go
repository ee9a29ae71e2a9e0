package wecom

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// robot sends to one robot of a group.
type robot struct {
	config   Config
	client   *http.Client
	overflow connector.Overflow
}

// Connect reaches nobody.
func (s *robot) Connect(context.Context) error { return nil }

func (s *robot) Write(ctx context.Context, msgs []connector.Outbound) error {
	return s.overflow.Write(ctx, msgs)
}

// Close has nothing to end.
func (s *robot) Close(context.Context) error { return nil }

// Ping finds out whether somebody listens; it sends nothing, for which the
// group would wonder.
func (s *robot) Ping(ctx context.Context) error {
	return httpclient.Reach(ctx, s.config.server(), s.config.Deny)
}

// send sends one message, or several as one.
func (s *robot) send(ctx context.Context, msgs []connector.Outbound) error {
	body, err := s.body(ctx, msgs)
	if err != nil {
		return err
	}
	a, err := httpclient.PostJSON(ctx, s.client, s.config.address("/cgi-bin/webhook/send", url.Values{}), body)
	if err != nil {
		return err
	}
	return codes.Judge(s.outcome(a))
}

func (s *robot) outcome(a *httpclient.Answer) connector.Outcome { return outcomeOf(a, s.config.key()) }

func outcomeOf(a *httpclient.Answer, secrets ...string) connector.Outcome {
	code, ok := a.Code("errcode")
	return connector.Outcome{OK: a.OK(), Passing: a.Passing(), Code: code, Coded: ok, After: a.RetryAfter(), Failure: a.Failure(secrets...)}
}

func (s *robot) body(ctx context.Context, msgs []connector.Outbound) (any, error) {
	if len(msgs) > 1 {
		return s.merged(msgs), nil
	}
	body, err := s.single(ctx, &msgs[0])
	if err != nil {
		return nil, fmt.Errorf("message of type %s: %w", s.config.Type, err)
	}
	return body, nil
}

func (s *robot) single(ctx context.Context, m *connector.Outbound) (any, error) {
	switch s.config.Type {
	case "text":
		return s.text(string(m.Payload), []connector.Outbound{*m}), nil
	case "markdown", "markdown_v2":
		return content(s.config.Type, string(m.Payload)), nil
	case "image":
		return imageOf(m.Payload)
	case "news":
		return newsOf(m.Payload)
	case "template_card":
		return cardOf(m.Payload)
	case "raw":
		return rawOf(m.Payload)
	}
	return s.fileOf(ctx, m)
}

// merged is one message for many: a line for each.
func (s *robot) merged(msgs []connector.Outbound) any {
	lines := make([]string, len(msgs))
	for i := range msgs {
		lines[i] = s.line(&msgs[i])
	}
	switch s.config.Type {
	case "text":
		return s.text(connector.JoinTexts(lines, textBytes["text"]), msgs)
	case "markdown", "markdown_v2":
		return content(s.config.Type, connector.JoinTexts(lines, textBytes[s.config.Type]))
	}
	return content("text", connector.JoinTexts(lines, textBytes["text"]))
}

// line is what a message of many is in a line.
func (s *robot) line(m *connector.Outbound) string {
	switch s.config.Type {
	case "text", "markdown", "markdown_v2":
		return string(m.Payload)
	case "image", "file", "voice":
		return s.config.Type + " " + m.Value("fileName", string(s.config.FileName))
	}
	return titleOf(m.Payload, s.config.Type)
}

// content is the body of a message that is a text.
func content(kind, text string) map[string]any {
	return map[string]any{"msgtype": kind, kind: map[string]any{"content": connector.CutText(text, textBytes[kind])}}
}

// text is the body of a text, which mentions those that any of the messages
// mentions.
func (s *robot) text(text string, msgs []connector.Outbound) map[string]any {
	body := content("text", text)
	inner := body["text"].(map[string]any)
	var users, mobiles names
	for i := range msgs {
		users.add(msgs[i].Value("mentionedList", string(s.config.Mention)))
		mobiles.add(msgs[i].Value("mentionedMobileList", string(s.config.Mobiles)))
	}
	if len(users) > 0 {
		inner["mentioned_list"] = users
	}
	if len(mobiles) > 0 {
		inner["mentioned_mobile_list"] = mobiles
	}
	return body
}
