package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// applyCmd creates or updates what files define.
type applyCmd struct {
	Files   []string `short:"f" name:"file" required:"" sep:"none" placeholder:"FILE" help:"Files or folders with streams and rules, - for the standard input; give -f several times for several."`
	DryRun  bool     `help:"Show what would change, and change nothing."`
	Prune   bool     `help:"Delete the streams, tables and rules that are in none of the files."`
	Brief   bool     `short:"b" help:"Leave the differences out."`
	Confirm bool     `help:"Ask before anything is changed, not only before something is deleted."`
	Yes     bool     `short:"y" help:"Do not ask."`
}

// Help tells how it goes about it.
func (*applyCmd) Help() string {
	return `The service checks everything first, and shows what would be created, updated, left as it is, or deleted; of updates the differences.
Then all of it is applied, or nothing. A question is asked only at a terminal, and only when something would be deleted.

  sluice apply -f plant/ --dry-run      what would change
  sluice apply -f plant/ --prune        make the service hold what the folder holds, and nothing else
  sluice apply -f - < rule.json         from the standard input`
}

// proposal is the body of the request: definitions by their names.
type proposal struct {
	Streams map[string]string          `json:"streams"`
	Tables  map[string]string          `json:"tables"`
	Rules   map[string]json.RawMessage `json:"rules"`
	Prune   bool                       `json:"prune"`
	DryRun  bool                       `json:"dryRun"`
}

func proposalOf(d *definitions) *proposal {
	p := &proposal{Streams: map[string]string{}, Tables: map[string]string{}, Rules: map[string]json.RawMessage{}}
	for _, st := range d.streams {
		group := p.Streams
		if st.statement.Table {
			group = p.Tables
		}
		group[st.statement.Name] = st.sql
	}
	for _, r := range d.rules {
		p.Rules[r.id] = json.RawMessage(r.text)
	}
	return p
}

// Run shows what would change, asks where it should, and applies.
func (c *applyCmd) Run(s *session) error {
	d, err := s.mustRead(c.Files)
	if err != nil {
		return err // nothing is applied of files that cannot be read
	}
	p := proposalOf(d)
	p.Prune, p.DryRun = c.Prune, true
	plan, err := s.propose(p, d)
	if err != nil {
		return err
	}
	if err := c.compare(s, plan, d); err != nil {
		return err
	}
	if s.tables() {
		s.showChanges(plan)
	}
	if c.DryRun || !plan.changes() {
		return s.conclude(plan, false)
	}
	if !c.allowed(s, plan) {
		return errors.New("nothing was changed")
	}
	p.DryRun = false
	made, err := s.propose(p, d)
	if err != nil {
		return err
	}
	s.showNews(plan, made)
	made.copyDiffs(plan)
	return s.conclude(made, true)
}

// propose asks the service to check or to apply definitions.
func (s *session) propose(p *proposal, d *definitions) (*changes, error) {
	verb := "applying"
	if p.DryRun {
		verb = "checking"
	}
	done := s.busy("%s %d definitions", verb, len(d.streams)+len(d.rules))
	defer done()
	var list changes
	_, err := s.api.exchange(s.ctx, http.MethodPost, "/apply", p, &list)
	var refusal *refusal
	if errors.As(err, &refusal) && len(refusal.findings) > 0 {
		done()
		return nil, s.notApplied(refusal.findings, d)
	}
	if err != nil {
		return nil, fmt.Errorf("apply: %w", err)
	}
	return &list, nil
}

// notApplied shows what the service has against the definitions, each with its
// file and its text.
func (s *session) notApplied(list []finding, d *definitions) error {
	places := d.places()
	for i := range list {
		f := &list[i]
		at := places[f.Kind+" "+f.Name]
		f.File, f.sql = at.file, at.sql
	}
	return s.report("nothing was applied; findings", list)
}

// allowed asks, where somebody can answer and something is at stake.
func (c *applyCmd) allowed(s *session, plan *changes) bool {
	deleted := plan.count("delete")
	switch {
	case c.Yes || !s.asks || deleted == 0 && !c.Confirm:
		return true
	case deleted > 0:
		return s.confirm("delete %d of the definitions above, and apply the rest?", deleted)
	}
	return s.confirm("apply this?")
}
