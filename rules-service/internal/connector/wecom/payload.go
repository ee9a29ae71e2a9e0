package wecom

import (
	"crypto/md5" //nolint:gosec // the interface wants it
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"sluice/rules-service/internal/connector"
)

// Limits of WeCom.
const (
	imageBytes   = 2 << 20
	newsArticles = 8
	cardRows     = 6
	cardJumps    = 3
)

func wrong(format string, args ...any) error {
	return &connector.Permanent{Err: fmt.Errorf(format, args...)}
}

// object reads a payload that must be one.
func object(payload []byte) (map[string]any, error) {
	o, err := connector.JSONObject(payload)
	if err != nil {
		return nil, wrong("%w", err)
	}
	return o, nil
}

// imageOf is the body of a picture: of its bytes, or of an object with base64.
func imageOf(payload []byte) (any, error) {
	data := payload
	if o, err := object(payload); err == nil {
		text, ok := o["base64"].(string)
		if !ok {
			return nil, wrong(`the object has no text "base64"`)
		}
		if data, err = base64.StdEncoding.DecodeString(text); err != nil {
			return nil, wrong(`"base64" is not base64`)
		}
	}
	if len(data) == 0 || len(data) > imageBytes {
		return nil, wrong("the picture has %d bytes; WeCom takes up to %d", len(data), imageBytes)
	}
	sum := md5.Sum(data) //nolint:gosec // the interface wants it
	return map[string]any{"msgtype": "image", "image": map[string]any{
		"base64": base64.StdEncoding.EncodeToString(data), "md5": hex.EncodeToString(sum[:])}}, nil
}

// newsOf is the body of articles: an array, or an object with one.
func newsOf(payload []byte) (any, error) {
	var articles []map[string]any
	if o, err := object(payload); err == nil && o["articles"] != nil {
		if payload, err = json.Marshal(o["articles"]); err != nil {
			return nil, wrong("%w", err)
		}
	}
	if json.Unmarshal(payload, &articles) != nil {
		return nil, wrong(`the payload is neither an array of articles nor an object with "articles"`)
	}
	if len(articles) == 0 || len(articles) > newsArticles {
		return nil, wrong("there are %d articles; WeCom takes 1 to %d", len(articles), newsArticles)
	}
	for i, a := range articles {
		for _, name := range []string{"title", "url"} {
			if s, _ := a[name].(string); s == "" {
				return nil, wrong("article %d has no %s", i, name)
			}
		}
	}
	return map[string]any{"msgtype": "news", "news": map[string]any{"articles": articles}}, nil
}

// card is what WeCom wants of a card.
type card struct {
	Type   string `json:"card_type"`
	Action *struct {
		Type int `json:"type"`
	} `json:"card_action"`
	Title struct {
		Title string `json:"title"`
	} `json:"main_title"`
	Sub   string            `json:"sub_title_text"`
	Image json.RawMessage   `json:"card_image"`
	Rows  []json.RawMessage `json:"horizontal_content_list"`
	Jumps []json.RawMessage `json:"jump_list"`
}

func (c *card) check() error {
	switch {
	case c.Type != "text_notice" && c.Type != "news_notice":
		return wrong(`"card_type" is %q; robots take text_notice and news_notice`, c.Type)
	case c.Action == nil || c.Action.Type == 0:
		return wrong(`the card has no "card_action" with a type`)
	case c.Title.Title == "" && c.Sub == "":
		return wrong(`the card has neither "main_title.title" nor "sub_title_text"`)
	case c.Type == "news_notice" && c.Image == nil:
		return wrong(`a news_notice wants a "card_image"`)
	case len(c.Rows) > cardRows:
		return wrong(`"horizontal_content_list" has %d rows; WeCom takes %d`, len(c.Rows), cardRows)
	case len(c.Jumps) > cardJumps:
		return wrong(`"jump_list" has %d entries; WeCom takes %d`, len(c.Jumps), cardJumps)
	}
	return nil
}

func cardOf(payload []byte) (any, error) {
	o, err := object(payload)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	var c card
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, wrong("the card: %w", err)
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	return map[string]any{"msgtype": "template_card", "template_card": o}, nil
}

// rawOf is a whole body; it is read so far that it is one.
func rawOf(payload []byte) (any, error) {
	o, err := object(payload)
	if err != nil {
		return nil, err
	}
	kind, _ := o["msgtype"].(string)
	if o[kind] == nil {
		return nil, wrong(`the body has no "msgtype" with an object of that name`)
	}
	return o, nil
}

var errNoTitle = errors.New("no title")

// titleOf is what a card, an article or a whole body is about.
func titleOf(payload []byte, kind string) string {
	var v any
	if err := json.Unmarshal(payload, &v); err == nil {
		if title, err := firstTitle(v); err == nil {
			return title
		}
	}
	return kind
}

// firstTitle finds a title or content, however deep.
func firstTitle(v any) (string, error) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if s, err := firstTitle(e); err == nil {
				return s, nil
			}
		}
	case map[string]any:
		for _, name := range []string{"title", "sub_title_text", "content", "main_title", "articles", "template_card", "news", "text", "markdown"} {
			if s, ok := v[name].(string); ok && s != "" {
				return s, nil
			}
			if s, err := firstTitle(v[name]); err == nil {
				return s, nil
			}
		}
	}
	return "", errNoTitle
}
