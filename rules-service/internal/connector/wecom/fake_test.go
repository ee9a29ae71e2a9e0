package wecom

import (
	"bytes"
	"crypto/md5" //nolint:gosec // the interface wants it
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"sluice/rules-service/internal/connectortest"
)

// fake is WeCom: it checks what the interface documents and answers with its
// codes.
type fake struct {
	mu     sync.Mutex
	bodies []map[string]any // that it took
	times  []time.Time
	files  map[string]string // by media_id: type, name and content

	tokens  int    // that it gave out
	refused int    // messages with a token that is none
	forced  []int  // codes that it answers with first
	missed  string // invaliduser of its answers
	status  int    // of its answers; 0: 200
}

const (
	robotKey   = "0123-KEY"
	corpID     = "ww0123"
	corpSecret = "CORP-SECRET"
)

func (f *fake) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	answer := f.serve(req)
	if f.status != 0 {
		w.WriteHeader(f.status)
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func refusal(code int, text string) map[string]any {
	return map[string]any{"errcode": code, "errmsg": text}
}

func (f *fake) serve(req *http.Request) map[string]any {
	q := req.URL.Query()
	switch req.URL.Path {
	case "/cgi-bin/gettoken":
		if q.Get("corpid") != corpID || q.Get("corpsecret") != corpSecret {
			return refusal(40013, "invalid corpid or secret "+q.Get("corpsecret"))
		}
		f.tokens++
		return map[string]any{"errcode": 0, "errmsg": "ok", "access_token": f.token(), "expires_in": 7200}
	case "/cgi-bin/webhook/upload_media":
		return f.upload(req)
	case "/cgi-bin/webhook/send":
		if q.Get("key") != robotKey {
			return refusal(93000, "invalid webhook url, key "+q.Get("key"))
		}
		return f.take(req, robotTypes)
	case "/cgi-bin/message/send":
		if q.Get("access_token") != f.token() {
			f.refused++
			return refusal(42001, "access_token expired, "+q.Get("access_token"))
		}
		return f.take(req, appTypes)
	}
	return refusal(404, req.URL.Path)
}

func (f *fake) token() string { return fmt.Sprintf("TOKEN-%d", f.tokens) }

func (f *fake) upload(req *http.Request) map[string]any {
	kind := req.URL.Query().Get("type")
	file, header, err := req.FormFile("media")
	if err != nil || req.URL.Query().Get("key") != robotKey || kind != "file" && kind != "voice" {
		return refusal(40004, "invalid media type")
	}
	content, err := io.ReadAll(file)
	if err != nil || len(content) <= 5 {
		return refusal(40006, "invalid media size")
	}
	id := fmt.Sprintf("media-%d", len(f.files))
	if f.files == nil {
		f.files = map[string]string{}
	}
	f.files[id] = kind + " " + header.Filename + " " + string(content)
	return map[string]any{"errcode": 0, "errmsg": "ok", "type": kind, "media_id": id, "created_at": "1380000000"}
}

func (f *fake) take(req *http.Request, types []string) map[string]any {
	raw, err := io.ReadAll(req.Body)
	var body map[string]any
	d := json.NewDecoder(bytes.NewReader(raw))
	if err != nil || !utf8.Valid(raw) || d.Decode(&body) != nil || !strings.HasPrefix(req.Header.Get("Content-Type"), "application/json") {
		return refusal(40035, "bad body")
	}
	if len(f.forced) > 0 {
		code := f.forced[0]
		f.forced = f.forced[1:]
		return refusal(code, "forced")
	}
	if code := f.check(body, types); code != 0 {
		return refusal(code, "refused")
	}
	now := time.Now()
	recent := 0
	for _, at := range f.times {
		if now.Sub(at) < time.Minute {
			recent++
		}
	}
	if recent >= 20 {
		return refusal(45009, "api freq out of limit")
	}
	f.bodies, f.times = append(f.bodies, body), append(f.times, now)
	return map[string]any{"errcode": 0, "errmsg": "ok", "msgid": "x", "invaliduser": f.missed}
}

// check returns the code of what is wrong with a body.
func (f *fake) check(body map[string]any, types []string) int {
	kind, _ := body["msgtype"].(string)
	inner, _ := body[kind].(map[string]any)
	known := false
	for _, k := range types {
		known = known || k == kind && k != "raw"
	}
	content, _ := inner["content"].(string)
	switch {
	case !known || inner == nil:
		return 40008
	case textBytes[kind] > 0 && content == "":
		return 44004
	case textBytes[kind] > 0 && len(content) > textBytes[kind]:
		return 45002
	}
	switch kind {
	case "image":
		return checkImage(inner)
	case "file", "voice":
		if id, _ := inner["media_id"].(string); f.files[id] == "" && id != "KNOWN" {
			return 40007
		}
	case "news":
		if list, _ := inner["articles"].([]any); len(list) == 0 || len(list) > 8 {
			return 40058
		}
	case "template_card":
		if inner["card_action"] == nil || inner["main_title"] == nil && inner["sub_title_text"] == nil {
			return 42045
		}
	}
	return 0
}

func checkImage(inner map[string]any) int {
	text, _ := inner["base64"].(string)
	if text == "" { // of an application
		return 0
	}
	data, err := base64.StdEncoding.DecodeString(text)
	sum := md5.Sum(data) //nolint:gosec // the interface wants it
	if err != nil || inner["md5"] != hex.EncodeToString(sum[:]) {
		return 40009
	}
	return 0
}

// contents are the texts that came, in order.
func (f *fake) contents() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, b := range f.bodies {
		inner, _ := b[b["msgtype"].(string)].(map[string]any)
		content, _ := inner["content"].(string)
		out = append(out, content)
	}
	return out
}

// last is the last body that came, as JSON.
func (f *fake) last() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.bodies) == 0 {
		return ""
	}
	return connectortest.JSON(f.bodies[len(f.bodies)-1])
}
