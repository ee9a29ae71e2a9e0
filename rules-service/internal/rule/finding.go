package rule

import (
	"errors"
	"fmt"

	"sluice/sqlengine/diag"
)

// Finding is one thing that is wrong with a set of definitions.
type Finding struct {
	Kind    Kind      `json:"kind"`
	Name    string    `json:"name"`
	Message string    `json:"message"`
	Code    diag.Code `json:"code,omitempty"`
	Line    int       `json:"line,omitempty"`   // in the statement, with Column
	Column  int       `json:"column,omitempty"` // in characters
	Hint    string    `json:"hint,omitempty"`
}

// Rejected is the error of definitions of which nothing was taken, because of
// some of them.
type Rejected struct{ Findings []Finding }

func (e *Rejected) Error() string {
	first := e.Findings[0]
	text := fmt.Sprintf("nothing was changed: %s %s: %s", first.Kind, first.Name, first.Message)
	if n := len(e.Findings) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more)", n)
	}
	return text
}

// findingsOf takes an error apart.
func findingsOf(kind Kind, name string, err error) []Finding {
	if err == nil {
		return nil
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var list []Finding
		for _, e := range several.Unwrap() {
			list = append(list, findingsOf(kind, name, e)...)
		}
		return list
	}
	var malformed *Malformed
	if errors.As(err, &malformed) {
		var list []Finding
		for _, p := range malformed.Problems {
			list = append(list, Finding{Kind: kind, Name: name, Message: p})
		}
		return list
	}
	var statement *Statement
	if !errors.As(err, &statement) {
		return []Finding{{Kind: kind, Name: name, Message: err.Error()}}
	}
	var list []Finding
	for _, f := range statement.Findings {
		line, column := f.Position(statement.Text)
		list = append(list, Finding{kind, name, f.Message, f.Code, line, column, f.Hint})
	}
	return list
}
