package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// statusCmd shows how rules are.
type statusCmd struct {
	Rule  string        `arg:"" optional:"" help:"One rule, with all its figures."`
	Watch bool          `short:"w" help:"Show it again and again, until interrupted."`
	Every time.Duration `default:"2s" help:"Pause between two looks with --watch."`
}

// Run shows the status once, or until it is interrupted.
func (c *statusCmd) Run(s *session) error {
	for {
		if err := c.show(s); err != nil || !c.Watch {
			return err
		}
		select {
		case <-s.ctx.Done():
			return nil
		case <-time.After(c.Every):
			_, _ = fmt.Fprintln(s.out)
		}
	}
}

func (c *statusCmd) show(s *session) error {
	switch {
	case c.Rule != "" && s.asJSON:
		return s.showJSON("/rules/" + escape(c.Rule) + "/status")
	case c.Rule != "":
		return s.showRule(c.Rule)
	case s.asJSON:
		return s.showJSON("/rules/status/all")
	}
	return s.showRules()
}

func (s *session) showRules() error {
	var all map[string]struct {
		Status     string
		Exception  string `json:"last_exception"`
		Exceptions uint64 `json:"exceptions_total"`
	}
	if err := s.api.get(s.ctx, "/rules/status/all", &all); err != nil {
		return err
	}
	rows := [][]string{{"RULE", "STATUS", "EXCEPTIONS", "LAST EXCEPTION"}}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		r := all[id]
		rows = append(rows, []string{id, r.Status, strconv.FormatUint(r.Exceptions, 10), oneLine(r.Exception)})
	}
	return s.table(rows)
}

// showRule prints the keys of a status in the order of the answer.
func (s *session) showRule(id string) error {
	a, err := s.api.call(s.ctx, http.MethodGet, "/rules/"+escape(id)+"/status", "")
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(a.body)))
	dec.UseNumber()
	if _, err := dec.Token(); err != nil {
		return fmt.Errorf("status of %s: %w", id, err)
	}
	var rows [][]string
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return fmt.Errorf("status of %s: %w", id, err)
		}
		var v any
		if err := dec.Decode(&v); err != nil {
			return fmt.Errorf("status of %s: %w", id, err)
		}
		rows = append(rows, []string{fmt.Sprint(key), oneLine(fmt.Sprint(v))})
	}
	return s.table(rows)
}

// oneLine keeps a table a table: of a text with several lines the first.
func oneLine(text string) string {
	for i, r := range text {
		if r == '\n' {
			return text[:i] + " …"
		}
	}
	return text
}
