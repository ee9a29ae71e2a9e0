package main

import (
	"fmt"
	"net/http"
)

// startCmd starts rules.
type startCmd struct{ selection }

// Run starts them, all in one call where no ids are given.
func (c *startCmd) Run(s *session) error {
	if err := c.check(); err != nil {
		return err
	}
	if len(c.Rules) == 0 {
		return s.bulk(c.Tag, "/rules/bulkstart", "Rule %s was started")
	}
	return s.each("starting rule", c.named(), http.MethodPost, func(id string) string { return "/rules/" + escape(id) + "/start" })
}

// stopCmd stops rules.
type stopCmd struct{ selection }

// Run stops them, all in one call where no ids are given.
func (c *stopCmd) Run(s *session) error {
	if err := c.check(); err != nil {
		return err
	}
	if len(c.Rules) == 0 {
		return s.bulk(c.Tag, "/rules/bulkstop", "Rule %s was stopped.")
	}
	return s.each("stopping rule", c.named(), http.MethodPost, func(id string) string { return "/rules/" + escape(id) + "/stop" })
}

// restartCmd stops rules and starts them again.
type restartCmd struct{ selection }

// Run restarts them one by one: the others run meanwhile.
func (c *restartCmd) Run(s *session) error {
	ids, err := c.ids(s)
	if err != nil {
		return err
	}
	return s.each("restarting rule", ids, http.MethodPost, func(id string) string { return "/rules/" + escape(id) + "/restart" })
}

// bulk changes all rules with the tags in one call; no tags mean all rules.
func (s *session) bulk(tags []string, path, message string) error {
	in := map[string][]string{"tags": append([]string{}, tags...)}
	var results []struct {
		RuleID  string
		Success bool
		Error   string
	}
	if _, err := s.api.exchange(s.ctx, http.MethodPost, path, in, &results); err != nil {
		return err
	}
	list := make([]outcome, len(results))
	for i, r := range results {
		list[i] = outcome{Name: r.RuleID, Success: r.Success, Error: r.Error}
		if r.Success {
			list[i].Message = fmt.Sprintf(message, r.RuleID)
		}
	}
	return s.outcomes(list)
}
