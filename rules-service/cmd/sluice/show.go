package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
)

// show prints a value as JSON or YAML.
func (s *session) show(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	return s.showText(b.String())
}

// showText prints JSON, indented and with its keys in their order, or as YAML.
func (s *session) showText(text string) error {
	out, err := s.formed(text)
	s.printf("%s", out)
	return err
}

// formed is JSON in the form that is wanted; a table is wanted of what has none.
func (s *session) formed(text string) (string, error) {
	if s.form == "yaml" {
		return yamlOf(text)
	}
	out, err := indented(text)
	return out + "\n", err
}

func indented(text string) (string, error) {
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(strings.TrimSpace(text)), "", "  "); err != nil {
		return "", fmt.Errorf("the answer is not JSON: %w", err)
	}
	return b.String(), nil
}

// table prints rows in columns.
func (s *session) table(rows [][]string) error {
	text, err := columns(rows)
	s.printf("%s", text)
	return err
}

func columns(rows [][]string) (string, error) {
	var b, out bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	for _, row := range rows {
		_, _ = fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	if err := w.Flush(); err != nil {
		return "", err
	}
	for line := range strings.Lines(b.String()) {
		_, _ = fmt.Fprintln(&out, strings.TrimRight(line, " \n"))
	}
	return out.String(), nil
}

// oneLine keeps a table a table: of a text with several lines the first.
func oneLine(text string) string {
	first, _, more := strings.Cut(text, "\n")
	if more {
		return first + " …"
	}
	return text
}

// inset moves a text to the right.
func inset(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("  " + line)
	}
	return b.String()
}
