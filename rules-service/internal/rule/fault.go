package rule

import (
	"fmt"
	"strings"

	"sluice/sqlengine/diag"
)

// Kind is what a definition is of.
type Kind string

// The kinds of definitions.
const (
	RuleKind   Kind = "rule"
	StreamKind Kind = "stream"
	TableKind  Kind = "table"
)

// NotFound is the error of a name that nothing has.
type NotFound struct {
	Kind Kind
	Name string
	Near string // the name that may have been meant
}

func (e *NotFound) Error() string {
	if e.Near != "" {
		return fmt.Sprintf("%s %s is not found; did you mean %q?", e.Kind, e.Name, e.Near)
	}
	return fmt.Sprintf("%s %s is not found", e.Kind, e.Name)
}

// Malformed is the error of a rule whose JSON does not say what it must.
type Malformed struct{ Problems []string }

func (e *Malformed) Error() string { return strings.Join(e.Problems, "; ") }

// Statement is the error of a text in SQL: what is wrong and where.
type Statement struct {
	Text     string
	Findings diag.List
}

// Error draws each finding with its line.
func (e *Statement) Error() string { return e.Findings.Render(e.Text) }

// Unwrap is the findings.
func (e *Statement) Unwrap() error { return e.Findings }

// Refused is the error of a sink or source that does not take its properties.
type Refused struct{ Err error }

func (e *Refused) Error() string { return e.Err.Error() }

// Unwrap is the error of the connector.
func (e *Refused) Unwrap() error { return e.Err }
