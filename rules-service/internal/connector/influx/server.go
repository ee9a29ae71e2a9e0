package influx

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/klauspost/compress/gzip"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

const (
	answerRead  = 16 << 10 // of an answer, at most
	answerShown = 300      // of it in an error
)

// server is where lines are written to.
type server struct {
	addr, path string
	query      url.Values
	authorize  func(*http.Request) // nil: without credentials
	secret     connector.Secret    // that no error may show
	client     *http.Client
	zip        bool
	zipper     *gzip.Writer
	zipped     bytes.Buffer
}

// write sends lines. It returns *Permanent when the server refuses them, or some
// of them, for what they are.
func (s *server) write(ctx context.Context, lines []byte) error {
	status, err := s.post(ctx, lines)
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return &connector.Permanent{Err: err}
	}
	return err
}

// probe writes nothing: the server says whether it may be written to.
func (s *server) probe(ctx context.Context) error {
	status, err := s.post(ctx, nil)
	if status == http.StatusBadRequest { // it wants lines
		return nil
	}
	return err
}

// post makes the request; status is 0 when there is no answer.
func (s *server) post(ctx context.Context, lines []byte) (status int, err error) {
	body, err := s.pack(lines)
	if err != nil {
		return 0, err
	}
	target := strings.TrimSuffix(s.addr, "/") + s.path + "?" + s.query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("request to %s: %w", httpclient.Redact(target), httpclient.Cause(err))
	}
	req.Header.Set("Content-Type", "text/plain; charset=utf-8")
	if s.zip {
		req.Header.Set("Content-Encoding", "gzip")
	}
	if s.authorize != nil {
		s.authorize(req)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return 0, s.unreachable(ctx, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, answerRead))
	if err != nil {
		return 0, s.unreachable(ctx, err)
	}
	return res.StatusCode, s.judge(res, text)
}

func (s *server) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %s: %w", connector.ErrNotConnected, httpclient.Redact(s.addr), httpclient.Cause(err))
}

// pack compresses, if that is wanted. The result is valid until the next call.
func (s *server) pack(lines []byte) ([]byte, error) {
	if !s.zip {
		return lines, nil
	}
	s.zipped.Reset()
	if s.zipper == nil {
		s.zipper = gzip.NewWriter(nil)
	}
	s.zipper.Reset(&s.zipped)
	if _, err := s.zipper.Write(lines); err != nil {
		return nil, err
	}
	err := s.zipper.Close()
	return s.zipped.Bytes(), err
}

// judge makes an error of an answer that is no success.
func (s *server) judge(res *http.Response, text []byte) error {
	if res.StatusCode/100 == 2 {
		return nil
	}
	err := fmt.Errorf("%s: %s%s", httpclient.Redact(s.addr), res.Status, s.said(text))
	switch res.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("%w; check the user or token of the sink, and what it may write to", err)
	case http.StatusNotFound:
		return fmt.Errorf("%w; create what it does not find, or name another one", err)
	}
	if after := httpclient.RetryAfter(res.Header); after > 0 {
		return &connector.RetryAfter{Err: err, After: after}
	}
	return err
}

// said is the server's own text: in JSON under error or message.
func (s *server) said(text []byte) string {
	var answer struct{ Error, Message string }
	said := string(text)
	if json.Unmarshal(text, &answer) == nil {
		said = answer.Error + answer.Message
	}
	said = strings.TrimSpace(strings.ToValidUTF8(said, "\ufffd"))
	if s.secret != "" {
		said = strings.ReplaceAll(said, s.secret.Reveal(), s.secret.String())
	}
	if len(said) > answerShown {
		said = strings.ToValidUTF8(said[:answerShown], "") + " …"
	}
	if said == "" {
		return ""
	}
	return ": " + said
}
