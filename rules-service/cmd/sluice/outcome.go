package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// outcome is how a call about one of several things went.
type outcome struct {
	Name    string `json:"name"`
	Success bool   `json:"success"`
	Message string `json:"message,omitempty"`
	Error   string `json:"error,omitempty"`
}

// each makes a call for each name, and goes on where one is refused.
func (s *session) each(doing string, names []string, method string, path func(name string) string) error {
	var list []outcome
	done := func() {}
	for i, name := range names {
		if len(names) > 1 {
			done = s.busy("%s %d of %d", doing, i+1, len(names))
		}
		a, err := s.api.call(s.ctx, method, path(name), "")
		var refusal *refusal
		switch {
		case err == nil:
			list = append(list, outcome{Name: name, Success: true, Message: strings.TrimSpace(a.body)})
		case errors.As(err, &refusal) && refusal.status != http.StatusUnauthorized:
			list = append(list, outcome{Name: name, Error: err.Error()})
		default:
			done()
			return errors.Join(s.outcomes(list), err)
		}
	}
	done()
	return s.outcomes(list)
}

// outcomes shows how all calls went; failures make the error.
func (s *session) outcomes(list []outcome) error {
	var failures []string
	for _, o := range list {
		if o.Error != "" {
			failures = append(failures, o.Error)
		}
		if s.tables() && o.Success {
			s.printf("%s\n", o.Message)
		}
	}
	if !s.tables() {
		if err := s.show(list); err != nil {
			return err
		}
	}
	switch len(failures) {
	case 0:
		return nil
	case 1:
		return found{failures[0]}
	}
	return found{fmt.Sprintf("refused: %d of %d\n%s", len(failures), len(list), strings.Join(failures, "\n"))}
}
