package wecom

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// fileBytes are what WeCom takes of a file and of a voice.
var fileBytes = map[string]int{"file": 20 << 20, "voice": 2 << 20}

const fewestBytes = 5 // of any

// fileOf is the body of a file: of a media_id, or of its content, which is
// uploaded first.
func (s *robot) fileOf(ctx context.Context, m *connector.Outbound) (any, error) {
	kind := s.config.Type
	if o, err := object(m.Payload); err == nil && o["media_id"] != nil {
		return map[string]any{"msgtype": kind, kind: o}, nil
	}
	if n := len(m.Payload); n <= fewestBytes || n > fileBytes[kind] {
		return nil, wrong("it has %d bytes; WeCom takes more than %d and up to %d", n, fewestBytes, fileBytes[kind])
	}
	id, err := s.upload(ctx, kind, m.Value("fileName", string(s.config.FileName)), m.Payload)
	if err != nil {
		return nil, err
	}
	return map[string]any{"msgtype": kind, kind: map[string]any{"media_id": id}}, nil
}

const uploadAnswer = 64 << 10

func (s *robot) upload(ctx context.Context, kind, name string, content []byte) (mediaID string, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("media", name)
	if err != nil {
		return "", err
	}
	if _, err := part.Write(content); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.config.address("/cgi-bin/webhook/upload_media", url.Values{"type": {kind}}), &b)
	if err != nil {
		return "", fmt.Errorf("upload: %w", httpclient.Cause(err))
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	a, err := httpclient.Exchange(s.client, req, uploadAnswer)
	if err != nil {
		return "", err
	}
	if err := codes.Judge(s.outcome(a)); err != nil {
		return "", err
	}
	var answer struct {
		ID string `json:"media_id"`
	}
	if json.Unmarshal(a.Body, &answer) != nil || answer.ID == "" {
		return "", fmt.Errorf("the answer to the upload has no media_id: %w", a.Failure(s.config.key()))
	}
	return answer.ID, nil
}
