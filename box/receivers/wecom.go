package receivers

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Limits of a WeCom group robot, as its provider documents them.
const (
	wecomTextBytes     = 2048
	wecomMarkdownBytes = 4096
	wecomPerMinute     = 20
)

// Error codes of WeCom. Its HTTP status is 200 all the same.
const (
	wecomOK         = 0
	wecomBadType    = 40008
	wecomTooLong    = 40058
	wecomEmpty      = 44004
	wecomTooOften   = 45009
	wecomNotJSON    = 47001
	wecomInvalidKey = 93000
)

// WeCom is a group robot: POST /cgi-bin/webhook/send?key=…
type WeCom struct {
	key   string
	inbox *Inbox
	now   func() time.Time

	mu   sync.Mutex
	sent []time.Time // of the last minute
}

// NewWeCom returns a robot that knows one key.
func NewWeCom(key string, inbox *Inbox) *WeCom {
	return &WeCom{key: key, inbox: inbox, now: time.Now}
}

type wecomMessage struct {
	Type string `json:"msgtype"`
	Text struct {
		Content       string   `json:"content"`
		Mentioned     []string `json:"mentioned_list"`
		MentionedTels []string `json:"mentioned_mobile_list"`
	} `json:"text"`
	Markdown struct {
		Content string `json:"content"`
	} `json:"markdown"`
}

// content returns what is to be shown, and how long it may be.
func (m wecomMessage) content() (text string, limit int, known bool) {
	switch m.Type {
	case "text":
		return m.Text.Content, wecomTextBytes, true
	case "markdown":
		return m.Markdown.Content, wecomMarkdownBytes, true
	}
	return "", 0, false
}

func (h *WeCom) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	code, text := h.accept(w, r)
	writeJSON(w, http.StatusOK, map[string]any{"errcode": code, "errmsg": text})
}

func (h *WeCom) accept(w http.ResponseWriter, r *http.Request) (code int, text string) {
	if r.URL.Query().Get("key") != h.key {
		return wecomInvalidKey, "invalid webhook url"
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return wecomTooLong, "body is too long"
	}
	var m wecomMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return wecomNotJSON, "data format error: " + err.Error()
	}
	content, limit, known := m.content()
	switch {
	case !known:
		return wecomBadType, "invalid message type " + m.Type
	case strings.TrimSpace(content) == "":
		return wecomEmpty, "empty content"
	case len(content) > limit:
		return wecomTooLong, "content exceeds the limit of its type"
	case !h.take():
		return wecomTooOften, "api freq out of limit"
	}
	h.inbox.put(Message{Time: h.now(), Target: "wecom", Device: deviceOf(content), Text: plain(content)})
	return wecomOK, "ok"
}

// take counts a message against the limit of a minute.
func (h *WeCom) take() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	for len(h.sent) > 0 && now.Sub(h.sent[0]) >= time.Minute {
		h.sent = h.sent[1:]
	}
	if len(h.sent) >= wecomPerMinute {
		return false
	}
	h.sent = append(h.sent, now)
	return true
}

var (
	deviceLine = regexp.MustCompile(`(?m)^device:\s*(.+?)\s*$`)
	markup     = regexp.MustCompile(`</?font[^>]*>|\*\*|(?m)^[>#\s]+`)
)

// deviceOf finds the device in a message of the form that people write: a line
// "device: boiler-1".
func deviceOf(content string) string {
	if m := deviceLine.FindStringSubmatch(unmarked(content)); m != nil {
		return m[1]
	}
	return ""
}

// unmarked takes the marks out of Markdown and keeps its lines.
func unmarked(content string) string { return markup.ReplaceAllString(content, "") }

// plain makes one line of a message, without the device: it has a column.
func plain(content string) string {
	var parts []string
	for l := range strings.Lines(unmarked(content)) {
		if l = strings.TrimSpace(l); l != "" && !deviceLine.MatchString(l) {
			parts = append(parts, l)
		}
	}
	return strings.Join(parts, " · ")
}
