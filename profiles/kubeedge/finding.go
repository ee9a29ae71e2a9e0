package kubeedge

import (
	"fmt"
	"strings"
)

// Severity tells what a finding means for the import.
type Severity string

// An Error keeps everything from being imported, a Warning does not.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Finding is something to know about a document.
type Finding struct {
	Severity Severity `json:"severity"`
	Place
	// Document names the kind and the object, if there is one.
	Document string `json:"document,omitempty"`
	Path     string `json:"path,omitempty"`
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
}

// String is the finding on one line.
func (f Finding) String() string {
	var b strings.Builder
	if f.File != "" {
		fmt.Fprintf(&b, "%s:%d: ", f.File, f.Line)
	}
	fmt.Fprintf(&b, "%s: ", f.Severity)
	for _, part := range []string{f.Document, f.Path} {
		if part != "" {
			b.WriteString(part + ": ")
		}
	}
	b.WriteString(f.Message)
	if f.Hint != "" {
		b.WriteString("; " + f.Hint)
	}
	return b.String()
}

// Findings are the findings of a step, in the order of the documents.
type Findings []Finding

// Errors are those that keep the import from being done.
func (f Findings) Errors() Findings {
	var errs Findings
	for _, one := range f {
		if one.Severity == Error {
			errs = append(errs, one)
		}
	}
	return errs
}
