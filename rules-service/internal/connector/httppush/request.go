package httppush

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// refusal is an answer other than 200.
type refusal struct {
	status int
	text   string
	again  time.Duration // after which the request may be sent again; 0: it need not
}

func (f *refusal) answer(w http.ResponseWriter) {
	switch {
	case f.status == http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
	case f.status == http.StatusRequestEntityTooLarge:
		w.Header().Set("Connection", "close") // without it the server waits for the rest of the body
	case f.again > 0:
		w.Header().Set("Retry-After", strconv.Itoa(int(f.again/time.Second)))
	}
	http.Error(w, f.text, f.status)
}

func busy(text string) *refusal {
	return &refusal{http.StatusServiceUnavailable, text, time.Second}
}

// take hands a request on and waits until the rules have it, or it is on disk.
func (s *source) take(w http.ResponseWriter, r *http.Request, room *room) *refusal {
	if !s.allowed(r) {
		return &refusal{status: http.StatusUnauthorized, text: "the header Authorization must have the token of the stream, as Bearer TOKEN"}
	}
	if r.ContentLength > s.config.MaxBytes {
		return s.tooLong()
	}
	m := &metered{room: room}
	defer m.end()
	body, refused := s.body(w, r, m)
	if refused != nil {
		return refused
	}
	return s.hand(r, body)
}

// hand gives a body to the rules.
func (s *source) hand(r *http.Request, body []byte) *refusal {
	p := &push{body: body, answer: make(chan error, 1)}
	if !s.put(p) {
		return busy("the rules are behind, or end; send it again")
	}
	timer := time.NewTimer(s.config.Timeout)
	defer timer.Stop()
	select {
	case err := <-p.answer:
		if err != nil {
			return busy("the rules could not take it: " + err.Error() + "; send it again")
		}
		return nil
	case <-timer.C:
		return busy(fmt.Sprintf("the rules have not taken it within %v; they may do so yet, or send it again", s.config.Timeout))
	case <-r.Context().Done():
		return busy("the connection has ended")
	}
}

// allowed compares digests, so that the time it takes says nothing of the token.
func (s *source) allowed(r *http.Request) bool {
	if s.config.Token == "" {
		return true
	}
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	want, got := sha256.Sum256([]byte(s.config.Token.Reveal())), sha256.Sum256([]byte(strings.TrimSpace(given)))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

func (s *source) tooLong() *refusal {
	return &refusal{status: http.StatusRequestEntityTooLarge, text: fmt.Sprintf("the body is longer than %d bytes", s.config.MaxBytes)}
}

// body reads and unpacks the body.
func (s *source) body(w http.ResponseWriter, r *http.Request, m *metered) ([]byte, *refusal) {
	var from io.Reader = http.MaxBytesReader(w, r.Body, s.config.MaxBytes)
	switch encoding := strings.ToLower(r.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(from)
		if err != nil {
			return nil, s.unreadable(err)
		}
		from = z
	default:
		w.Header().Set("Accept-Encoding", "gzip")
		return nil, &refusal{status: http.StatusUnsupportedMediaType, text: fmt.Sprintf("Content-Encoding %q is not taken; there is gzip", encoding)}
	}
	m.from = io.LimitReader(from, s.config.MaxBytes+1)
	body, err := io.ReadAll(m)
	switch {
	case err != nil:
		return nil, s.unreadable(err)
	case int64(len(body)) > s.config.MaxBytes:
		return nil, s.tooLong()
	case len(body) == 0:
		return nil, &refusal{status: http.StatusBadRequest, text: "the request has no body"}
	}
	return body, nil
}

// unreadable says what is wrong with a body.
func (s *source) unreadable(err error) *refusal {
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		return s.tooLong()
	case errors.Is(err, errNoRoom):
		return busy("too much is under way; send it again")
	}
	return &refusal{status: http.StatusBadRequest, text: "the body cannot be read: " + err.Error()}
}
