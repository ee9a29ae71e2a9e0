package sap

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// writeBatch sends many messages as one $batch. Each is a change set of its
// own, so that one that is refused does not undo the others.
func (s *sink) writeBatch(ctx context.Context, msgs []connector.Outbound) error {
	var ops []operation
	var at []int // the message of each operation
	v := make(connector.Verdicts, len(msgs))
	for i := range msgs {
		op, err := s.operation(&msgs[i])
		if err != nil {
			v[i] = &connector.Permanent{Err: err}
			continue
		}
		ops, at = append(ops, op), append(at, i)
	}
	if len(ops) == 0 {
		return v.Err()
	}
	answers, err := s.exchangeBatch(ctx, ops)
	if err != nil {
		return err
	}
	for i, a := range answers {
		v[at[i]] = s.verdict(a)
	}
	return v.Err()
}

// part is an answer within that to a $batch.
type part struct {
	status int
	body   []byte
}

// verdict on one operation of a batch.
func (s *sink) verdict(p part) error {
	if p.status/100 == 2 {
		return nil
	}
	err := fmt.Errorf("$batch to %s: %d %s: %.300s", httpclient.Redact(s.config.URL), p.status, http.StatusText(p.status), textOfError(p.body))
	return classed(p.status, httpclient.Passing(p.status), err)
}

func (s *sink) exchangeBatch(ctx context.Context, ops []operation) ([]part, error) {
	boundary := "batch_" + uuid.NewString()
	h := s.header()
	h.Set("Content-Type", "multipart/mixed; boundary="+boundary)
	h.Set("Accept", "multipart/mixed")
	h.Del("If-Match")
	a, err := s.session.change(ctx, http.MethodPost, s.config.address("/$batch", ""), s.batchBody(ops, boundary), h)
	if err != nil {
		return nil, err
	}
	if !a.OK() {
		return nil, s.config.failure(a, errorText(a))
	}
	parts, err := partsOf(a.Header.Get("Content-Type"), a.Body)
	if err == nil && len(parts) < len(ops) {
		err = fmt.Errorf("it has %d parts for %d operations", len(parts), len(ops))
	}
	if err != nil {
		return nil, fmt.Errorf("answer to $batch: %w", err)
	}
	return parts[:len(ops)], nil
}

// batchBody writes the operations, with the line ends that HTTP wants.
func (s *sink) batchBody(ops []operation, boundary string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	for i, op := range ops {
		set := "changeset_" + strconv.Itoa(i)
		line("--%s", boundary)
		line("Content-Type: multipart/mixed; boundary=%s", set)
		line("")
		line("--%s", set)
		line("Content-Type: application/http")
		line("Content-Transfer-Encoding: binary")
		line("Content-ID: %d", i+1)
		line("")
		line("%s %s HTTP/1.1", s.config.Method, op.path)
		for name, values := range s.header() {
			line("%s: %s", name, values[0])
		}
		line("Content-Length: %d", len(op.body))
		line("")
		b.WriteString(op.body)
		line("")
		line("--%s--", set)
	}
	line("--%s--", boundary)
	return b.String()
}

// mostNested is how deep multiparts may lie within each other.
const mostNested = 3

// partsOf reads the answers in that to a $batch. A change set that succeeds has
// them in a multipart of its own; one that fails is an answer by itself.
func partsOf(contentType string, body []byte) ([]part, error) {
	return nestedParts(contentType, body, mostNested)
}

func nestedParts(contentType string, body []byte, levels int) ([]part, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || !strings.HasPrefix(kind, "multipart/") || levels == 0 {
		return nil, fmt.Errorf("%.60q is no multipart", contentType)
	}
	var out []part
	r := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(p)
		if err != nil {
			return nil, err
		}
		inner := p.Header.Get("Content-Type")
		if strings.HasPrefix(inner, "multipart/") {
			parts, err := nestedParts(inner, text, levels-1)
			if err != nil {
				return nil, err
			}
			out = append(out, parts...)
			continue
		}
		one, err := answerIn(text)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
}

func answerIn(text []byte) (part, error) {
	res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(text)), nil)
	if err != nil {
		return part{}, fmt.Errorf("a part is no HTTP answer: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return part{}, err
	}
	return part{res.StatusCode, body}, nil
}
