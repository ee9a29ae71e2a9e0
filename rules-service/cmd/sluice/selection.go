package main

import (
	"errors"
	"net/http"
)

// selection is the rules that a command is about.
type selection struct {
	Rules []string `arg:"" optional:"" name:"rule" help:"Ids of rules."`
	Tag   []string `sep:"none" placeholder:"TAG" xor:"which" help:"All rules with this tag; give it several times for those with all of them."`
	All   bool     `xor:"which" help:"All rules."`
}

// named are the given ids. The word rule in front of them is kuiper's.
func (c *selection) named() []string {
	if len(c.Rules) > 1 && c.Rules[0] == "rule" {
		return c.Rules[1:]
	}
	return c.Rules
}

// check wants either ids or a description.
func (c *selection) check() error {
	switch described := c.All || len(c.Tag) > 0; {
	case described && len(c.Rules) > 0:
		return usage{errors.New("give ids, or --tag, or --all, and not both")}
	case !described && len(c.Rules) == 0:
		return usage{errors.New("which rules? give their ids, or --tag, or --all")}
	}
	return nil
}

// ids are those of the rules.
func (c *selection) ids(s *session) ([]string, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if len(c.Rules) > 0 {
		return c.named(), nil
	}
	ids, err := s.ruleIDs((&filter{Tag: c.Tag}).query())
	if err == nil && len(ids) == 0 {
		err = errors.New("there is no such rule")
	}
	return ids, err
}

func (s *session) ruleIDs(query string) ([]string, error) {
	ids, _, err := s.countedIDs(query)
	return ids, err
}

// countedIDs are the ids of a part of the list, and how many there are in all.
func (s *session) countedIDs(query string) ([]string, int, error) {
	var list []struct{ ID string }
	a, err := s.api.exchange(s.ctx, http.MethodGet, "/rules"+query, nil, &list)
	if err != nil {
		return nil, 0, err
	}
	ids := make([]string, len(list))
	for i := range list {
		ids[i] = list[i].ID
	}
	return ids, max(a.total, len(ids)), nil
}
