package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/rule"
	"sluice/sqlengine/diag"
)

// The error numbers of the API.
const (
	codeUndefined  = 1000
	codeGeneral    = 1001
	codeNotFound   = 1002
	codeConnection = 1003
	codeParser     = 2001
	codePlan       = 2101
	codeExecutor   = 2201
	codeStream     = 3000
	codeKey        = 5000
)

// warningsHeader carries what has no effect in a definition, one text each.
const warningsHeader = "Warnings"

// failure is the body of an error: the first two keys are eKuiper's, the
// others say where and why.
type failure struct {
	Error   int       `json:"error"`
	Message string    `json:"message"`
	Code    diag.Code `json:"code,omitempty"`
	Line    int       `json:"line,omitempty"`
	Column  int       `json:"column,omitempty"`
	Hint    string    `json:"hint,omitempty"`
}

// handler answers a request, or fails with an error that fail writes.
type handler func(w http.ResponseWriter, r *http.Request) error

// handle makes an HTTP handler; code is the number of errors that have none of
// their own.
func handle(code int, h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			fail(w, code, err)
		}
	}
}

// located is an error with the status and number that the API gives it.
type located struct {
	status, code int
	err          error
}

func (e *located) Error() string { return e.err.Error() }
func (e *located) Unwrap() error { return e.err }

// missing is a name that is not there, for calls that answer 404; other calls
// answer 400 with their own number.
func missing(err error) error {
	var absent *rule.NotFound
	if errors.As(err, &absent) {
		return &located{http.StatusNotFound, codeNotFound, err}
	}
	return err
}

func fail(w http.ResponseWriter, code int, err error) {
	status, f := http.StatusBadRequest, failure{Error: code, Message: err.Error()}
	var (
		at        *located
		statement *rule.Statement
		refused   *rule.Refused
		large     *http.MaxBytesError
		text      *codec.SchemaError
	)
	switch {
	case errors.As(err, &at):
		status, f.Error = at.status, at.code
	case errors.As(err, &large):
		status, f.Message = http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", large.Limit)
	case errors.Is(err, rule.ErrClosed):
		status = http.StatusServiceUnavailable
	case errors.As(err, &statement):
		f.place(statement)
	case errors.As(err, &text):
		f.Line, f.Column = text.Line, text.Column
	case errors.As(err, &refused):
		f.Error = codeExecutor
	}
	writeJSON(w, status, f)
}

// place takes the position and hint of the first finding.
func (f *failure) place(s *rule.Statement) {
	first := s.Findings[0]
	f.Error = codePlan
	if first.Code == diag.Syntax {
		f.Error = codeParser
	}
	f.Code, f.Hint = first.Code, first.Hint
	f.Line, f.Column = first.Position(s.Text)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // the client has gone
}

func writeText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // the client has gone
}

func writeWarnings(w http.ResponseWriter, warnings []string) {
	for _, text := range warnings {
		w.Header().Add(warningsHeader, headerText(text))
	}
}

// headerText keeps what may stand in a header.
func headerText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}

func body(r *http.Request) (string, error) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return "", fmt.Errorf("read body: %w", err)
	}
	if !utf8.Valid(b) {
		return "", errors.New("the body is not UTF-8")
	}
	return string(b), nil
}

// sqlOf reads a body such as {"sql":"CREATE STREAM …"}.
func sqlOf(r *http.Request) (string, error) {
	text, err := body(r)
	if err != nil {
		return "", err
	}
	var in struct{ SQL string }
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		err = fmt.Errorf(`the body must be JSON such as {"sql": "CREATE STREAM …"}: %w`, err)
		return "", &located{http.StatusBadRequest, codeUndefined, err}
	}
	if strings.TrimSpace(in.SQL) == "" {
		return "", errors.New(`the body has no "sql"`)
	}
	return in.SQL, nil
}
