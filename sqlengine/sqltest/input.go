package sqltest

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// event is a line of the input.
type event struct {
	kind     eventKind
	at       time.Duration // since the start
	name     string        // of the stream, or of the parameter
	messages []any         // of a stream
	meta     any
	param    string // the whole line behind its word
}

type eventKind uint8

const (
	arrival eventKind = iota
	passage
	change
)

// parseEvent reads
//
//	demo @1s {"a":1} {"a":2} meta {"topic":"x"}
//	advance 10s
//	param threshold 20
func parseEvent(line string) (event, error) {
	word, rest, _ := strings.Cut(line, " ")
	if word == "param" {
		return event{kind: change, param: strings.TrimSpace(rest)}, nil
	}
	at, rest, _ := strings.Cut(strings.TrimSpace(rest), " ")
	d, err := time.ParseDuration(strings.TrimPrefix(at, "@"))
	if err != nil || d < 0 {
		return event{}, fmt.Errorf("%q is no time since the start; write %s @1s …", at, word)
	}
	if word == "advance" {
		if rest != "" {
			return event{}, fmt.Errorf("advance takes a time alone, without %q", rest)
		}
		return event{kind: passage, at: d}, nil
	}
	e := event{kind: arrival, at: d, name: word, meta: object{}}
	return e, e.readMessages(rest)
}

func (e *event) readMessages(text string) error {
	s := newScanner(text, 0)
	for s.rest() != "" {
		if meta, ok := strings.CutPrefix(s.rest(), "meta "); ok {
			return e.readMeta(meta)
		}
		x, err := s.next()
		if err != nil {
			return badJSON(s, err)
		}
		e.messages = append(e.messages, x)
	}
	if e.messages == nil {
		return errors.New(`no row; write NAME @1s {"column":1}`)
	}
	return nil
}

func (e *event) readMeta(text string) (err error) {
	if e.meta, err = oneValue(text); err != nil {
		return fmt.Errorf("the metadata are no JSON: %w", err)
	}
	return nil
}

// badJSON shows the text at which a line stops being JSON.
func badJSON(s *scanner, err error) error {
	near := s.rest()
	if len(near) > 20 {
		near = near[:20] + "…"
	}
	if near == "" {
		return fmt.Errorf("the row is no JSON: it ends too early: %w", err)
	}
	return fmt.Errorf("the row is no JSON at %s: %w", near, err)
}
