package main

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"sluice/sqlengine/diag"
)

// finding is one thing that is wrong with a definition.
type finding struct {
	File    string `json:"file,omitempty"`
	Kind    string `json:"kind,omitempty"`
	Name    string `json:"name,omitempty"`
	Message string `json:"message"`
	Code    string `json:"code,omitempty"`
	Line    int    `json:"line,omitempty"` // in the SQL, with Column
	Column  int    `json:"column,omitempty"`
	Hint    string `json:"hint,omitempty"`

	sql       string // in which line and column are
	elsewhere bool   // nothing is wrong that files could tell
}

// with is the same place with a message.
func (f finding) with(message string) finding {
	f.Message = message
	return f
}

// String is the finding with the place where it stands, drawn where it points
// into SQL.
func (f *finding) String() string {
	var where []string
	if f.File != "" {
		where = append(where, f.File)
	}
	if f.Kind != "" {
		where = append(where, strings.TrimSpace(f.Kind+" "+f.Name))
	}
	return strings.Join(append(where, f.drawn()), ": ")
}

func (f *finding) drawn() string {
	if f.Line == 0 || f.sql == "" || strings.Contains(f.Message, "\n") {
		return withHint(f.Message, f.Hint)
	}
	start := offset(f.sql, f.Line, f.Column)
	e := diag.Error{Span: diag.Span{Start: start, End: start + wordLength(f.sql[start:])}, Message: f.Message, Hint: f.Hint}
	return e.Render(f.sql)
}

// offset is the place of a line and of a column in it, which counts characters.
func offset(text string, line, column int) int {
	at := 0
	for range line - 1 {
		i := strings.IndexByte(text[at:], '\n')
		if i < 0 {
			return len(text)
		}
		at += i + 1
	}
	for range column - 1 {
		_, n := utf8.DecodeRuneInString(text[at:])
		at += n
	}
	return at
}

// wordLength is the length of the word that a text begins with.
func wordLength(text string) int {
	end := strings.IndexFunc(text, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if end < 0 {
		return len(text)
	}
	return end
}

// withHint adds a hint, unless the message has it.
func withHint(message, hint string) string {
	if hint == "" || strings.Contains(message, hint) {
		return message
	}
	return message + "\n   " + hint
}

// found is the error of a check that found something.
type found struct{ text string }

func (e found) Error() string { return e.text }

// ExitCode implements kong.ExitCoder.
func (found) ExitCode() int { return exitRefused }

// report makes an error of findings, which begins with title; programs get the
// list as output.
func (s *session) report(title string, list []finding) error {
	head := fmt.Sprintf("%s: %d", title, len(list))
	if !s.tables() {
		if err := s.show(struct {
			Findings []finding `json:"findings"`
		}{list}); err != nil {
			return err
		}
		return found{head}
	}
	parts := []string{head}
	for i := range list {
		parts = append(parts, list[i].String())
	}
	return found{strings.Join(parts, "\n")}
}
