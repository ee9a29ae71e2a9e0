package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"sluice/profiles/geneva"
	"sluice/profiles/kubeedge"
)

// deviceImport is what imports of devices have in common.
type deviceImport struct {
	Files []string `arg:"" name:"file" help:"Files or folders, - for the standard input."`
	Apply bool     `help:"Do it. Without it, what would change is shown."`
	Out   string   `placeholder:"DIR" help:"Write the files for the services into this folder; without --apply no service is needed."`
}

// imported is the report of the service.
type imported struct {
	Applied  bool              `json:"applied"`
	Entries  []kubeedge.Entry  `json:"entries"`
	Notes    []geneva.Note     `json:"notes,omitempty"`
	Desired  []json.RawMessage `json:"desired,omitempty"`
	Reported []json.RawMessage `json:"reported,omitempty"`
	Files    []string          `json:"files,omitempty"` // that were written
}

// importDevices asks the service to import, or to tell what that would change.
func (s *session) importDevices(path string, body any) error {
	done := s.busy("importing devices")
	var r imported
	a, err := s.api.exchange(s.ctx, http.MethodPost, path, body, &r)
	done()
	var refused *refusal
	if errors.As(err, &refused) && a != nil && json.Unmarshal([]byte(a.body), &r) == nil && (r.Entries != nil || r.Notes != nil) {
		return s.showFailed(&r, refused.message)
	}
	if err != nil {
		return err
	}
	return s.showImported(&r)
}

// showFailed shows a report with errors in it.
func (s *session) showFailed(r *imported, message string) error {
	if err := s.showEntries(r); err != nil {
		return err
	}
	return found{message}
}

// showImported shows the report and what it comes to.
func (s *session) showImported(r *imported) error {
	if err := s.showEntries(r); err != nil || !s.tables() {
		return err
	}
	counts, changed := r.counts()
	switch {
	case !changed:
		s.printf("nothing to change: %s\n", counts)
	case r.Applied:
		s.printf("applied: %s\n", counts)
	default:
		s.printf("dry run, nothing was changed: would be %s\n", counts)
	}
	return nil
}

// showEntries shows the report document by document, or all of it to programs.
func (s *session) showEntries(r *imported) error {
	if !s.tables() {
		return s.show(r)
	}
	for _, n := range r.Notes {
		s.printf("%s\n", n)
	}
	for i := range r.Entries {
		e := &r.Entries[i]
		s.printf("%s\n", headOf(e))
		for _, c := range e.Changes {
			if c.Action == kubeedge.Delete {
				s.printf("  %s %s: %s\n", c.Kind, c.Name, c.Action)
			}
			for _, d := range c.Differences {
				s.printf("  %s %s: %s\n", c.Kind, c.Name, d)
			}
		}
		for _, f := range e.Findings {
			f.Document = ""
			s.printf("  %s\n", f)
		}
	}
	return nil
}

// headOf is the line of a document: where it is, what it is, and what becomes
// of it.
func headOf(e *kubeedge.Entry) string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		if e.Line > 0 {
			fmt.Fprintf(&b, ":%d", e.Line)
		}
		b.WriteString(": ")
	}
	if e.Kind != "" {
		name := e.Name
		if e.Namespace != "" && e.Namespace != "default" {
			name = e.Namespace + "/" + name
		}
		fmt.Fprintf(&b, "%s %s: ", e.Kind, name)
	}
	return b.String() + string(e.Action)
}

// counts says how many documents come to what, and whether anything changes.
func (r *imported) counts() (text string, changed bool) {
	count := map[kubeedge.Action]int{}
	for _, e := range r.Entries {
		count[e.Action]++
		changed = changed || slices.ContainsFunc(e.Changes, func(c kubeedge.Change) bool { return c.Action != kubeedge.Unchanged })
	}
	var parts []string
	for _, a := range []kubeedge.Action{kubeedge.Create, kubeedge.Update, kubeedge.Unchanged, kubeedge.Skipped} {
		if count[a] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count[a], a))
		}
	}
	return strings.Join(parts, ", "), changed
}
