package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"text/tabwriter"
)

// getCmd shows definitions.
type getCmd struct {
	Kind string `arg:"" enum:"streams,stream,rules,rule" help:"streams or rules."`
	Name string `arg:"" optional:"" help:"Name of one of them."`
}

// Run shows one definition as JSON, or all of a kind.
func (c *getCmd) Run(s *session) error {
	kind := strings.TrimSuffix(c.Kind, "s") + "s"
	if c.Name != "" {
		return s.showJSON("/" + kind + "/" + escape(c.Name))
	}
	if kind == "streams" {
		return s.listStreams()
	}
	return s.listRules()
}

// showJSON prints an answer, indented.
func (s *session) showJSON(path string) error {
	a, err := s.api.call(s.ctx, http.MethodGet, path, "")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(a.body), "", "  "); err != nil {
		return fmt.Errorf("answer of %s: %w", path, err)
	}
	_, _ = fmt.Fprintln(s.out, strings.TrimSpace(b.String()))
	return nil
}

func (s *session) listStreams() error {
	if s.asJSON {
		return s.showJSON("/streamdetails")
	}
	var list []struct{ Name, Type, Format string }
	if err := s.api.get(s.ctx, "/streamdetails", &list); err != nil {
		return err
	}
	rows := [][]string{{"NAME", "TYPE", "FORMAT"}}
	for _, st := range list {
		rows = append(rows, []string{st.Name, st.Type, st.Format})
	}
	return s.table(rows)
}

func (s *session) listRules() error {
	if s.asJSON {
		return s.showJSON("/rules")
	}
	var list []struct {
		ID, Name, Status, Version string
		Tags                      []string
	}
	if err := s.api.get(s.ctx, "/rules", &list); err != nil {
		return err
	}
	rows := [][]string{{"ID", "NAME", "STATUS", "TAGS", "VERSION"}}
	for _, r := range list {
		rows = append(rows, []string{r.ID, r.Name, r.Status, strings.Join(r.Tags, ","), r.Version})
	}
	return s.table(rows)
}

// table prints rows in columns.
func (s *session) table(rows [][]string) error {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	for _, row := range rows {
		_, _ = fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(b.String()) {
		_, _ = fmt.Fprintln(s.out, strings.TrimRight(line, " \n"))
	}
	return nil
}
