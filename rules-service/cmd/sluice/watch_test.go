package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// looks answers one after the other, then ends the watch.
type looks struct {
	answers []any // texts and errors
	stop    func()
}

func (l *looks) look() (string, error) {
	next := l.answers[0]
	l.answers = l.answers[1:]
	if len(l.answers) == 0 {
		l.stop()
	}
	if err, ok := next.(error); ok {
		return "", err
	}
	return next.(string), nil
}

func TestWatch(t *testing.T) {
	away := errors.New("away")
	for _, c := range []struct {
		name, form, out, errs string
		draws                 bool
		answers               []any
	}{
		{"below each other", "table", "a\n\nb\n", "", false, []any{"a\n", "b\n"}},
		{"in place", "table", "\x1b[H\x1b[J{0}\n\na\n\x1b[H\x1b[J{2}\n\nb\n", "", true, []any{"a\n", "b\n"}},
		{"documents", "yaml", "a: 1\n---\na: 2\n", "", false, []any{"a: 1\n", "a: 2\n"}},
		{"the service is away twice", "table", "a\n\nb\n\nc\n", "{2} away\n{8} away\n", false, []any{"a\n", away, away, "b\n", away, "c\n"}},
		{"away at first", "table", "", "", false, []any{away}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var out, errs bytes.Buffer
				s := &session{ctx: ctx, out: &out, errs: &errs, form: c.form, draws: c.draws}
				l := &looks{c.answers, cancel}
				err := s.watch(2*time.Second, l.look)
				if failed := errors.Is(err, away); failed != (c.out == "") {
					t.Errorf("ends with %v", err)
				}
				if got := out.String(); got != clocks(c.out) {
					t.Errorf("printed %q, want %q", got, clocks(c.out))
				}
				if got := errs.String(); got != clocks(c.errs) {
					t.Errorf("told %q, want %q", got, clocks(c.errs))
				}
			})
		})
	}
}

// clocks puts times in place of seconds since the time at which synctest begins.
func clocks(text string) string {
	start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Local()
	for _, n := range []int{0, 2, 8} {
		text = strings.ReplaceAll(text, fmt.Sprintf("{%d}", n), start.Add(time.Duration(n)*time.Second).Format(time.TimeOnly))
	}
	return text
}
