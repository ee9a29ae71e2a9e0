package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// ruleset is the form of definitions in which the service exports them: rules
// are JSON inside of text.
type ruleset struct {
	Streams, Tables, Rules map[string]string
}

func (s *session) exported() (*ruleset, error) {
	var set ruleset
	if _, err := s.api.exchange(s.ctx, http.MethodPost, "/ruleset/export", nil, &set); err != nil {
		return nil, fmt.Errorf("read the present definitions: %w", err)
	}
	return &set, nil
}

// compare gives each update its difference to what the service has.
func (c *applyCmd) compare(s *session, plan *changes, d *definitions) error {
	if c.Brief || plan.count("update") == 0 {
		return nil
	}
	present, err := s.exported()
	if err != nil {
		return err
	}
	p, places, mask := proposalOf(d), d.places(), newMasker()
	for i := range plan.Changes {
		c := &plan.Changes[i]
		if c.Action != "update" {
			continue
		}
		var before, after string
		switch c.Kind {
		case "stream":
			before, after = mask.statements(present.Streams[c.Name], p.Streams[c.Name])
		case "table":
			before, after = mask.statements(present.Tables[c.Name], p.Tables[c.Name])
		case "rule":
			before, after = mask.rules(present.Rules[c.Name], string(p.Rules[c.Name]))
		}
		if c.Diff = unified(c.key(), places[c.key()].file, before, after); c.Diff == "" {
			c.Diff = "  only what is secret differs\n"
		}
	}
	return nil
}

// unified is the difference of two texts in the form of diff -u.
func unified(name, file, before, after string) string {
	end := func(text string) []byte { return []byte(strings.TrimSpace(text) + "\n") }
	out := diff.Diff(name+" now", end(before), name+" in "+file, end(after))
	_, out, _ = bytes.Cut(out, []byte("\n")) // a line that only repeats the two names
	return string(out)
}

// rules brings two rules into one form, so that only what differs in meaning
// differs, and hides their secrets.
func (m masker) rules(before, after string) (string, string) {
	b, errB := decoded(before)
	a, errA := decoded(after)
	if errA != nil || errB != nil {
		return before, after
	}
	m.rule(a)
	m.rule(b)
	return canonical(b), canonical(a)
}

func decoded(text string) (v any, err error) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber() // 64 bits
	err = dec.Decode(&v)
	return v, err
}

func canonical(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(v) // it was JSON
	return b.String()
}

// painted has the colours of a difference, on a terminal.
func (s *session) painted(text string) string {
	if !s.colour {
		return text
	}
	const red, green, cyan, plain = "\x1b[31m", "\x1b[32m", "\x1b[36m", "\x1b[0m"
	var b strings.Builder
	for line := range strings.Lines(text) {
		colour := map[byte]string{'-': red, '+': green, '@': cyan}[line[0]]
		if colour == "" {
			b.WriteString(line)
			continue
		}
		b.WriteString(colour + strings.TrimSuffix(line, "\n") + plain + "\n")
	}
	return b.String()
}
