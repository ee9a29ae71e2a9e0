package api

import (
	"errors"
	"net/http"
	"strings"
	"time"
)

// eventStream writes server-sent events, or lines of JSON.
type eventStream struct {
	w     http.ResponseWriter
	rc    *http.ResponseController
	kind  string
	begun bool
}

const eventsType = "text/event-stream"

func newEventStream(w http.ResponseWriter, kind string) *eventStream {
	return &eventStream{w: w, rc: http.NewResponseController(w), kind: kind}
}

// begin sends the headers, so that the client knows that it is connected.
func (s *eventStream) begin() {
	if s.begun {
		return
	}
	s.begun = true
	_ = s.rc.SetReadDeadline(time.Time{}) // of the request, which would end the answer
	h := s.w.Header()
	h.Set("Content-Type", s.kind)
	h.Set("Cache-Control", "no-cache")
	s.w.WriteHeader(http.StatusOK)
}

// sendTimeout is how long a client may take for one message.
const sendTimeout = 30 * time.Second

func (s *eventStream) send(message string) error {
	s.begin()
	if s.kind == eventsType {
		message = "data: " + strings.ReplaceAll(message, "\n", "\ndata: ") + "\n"
	}
	if err := s.rc.SetWriteDeadline(time.Now().Add(sendTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := s.w.Write([]byte(message + "\n")); err != nil {
		return err
	}
	return s.rc.Flush()
}

// flush sends the headers at least.
func (s *eventStream) flush() error {
	s.begin()
	return s.rc.Flush()
}
