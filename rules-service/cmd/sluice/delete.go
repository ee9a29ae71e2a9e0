package main

import (
	"errors"
	"net/http"
	"strings"
)

// deleteCmd deletes definitions.
type deleteCmd struct {
	Kind  string   `arg:"" enum:"streams,stream,tables,table,rules,rule,connections,connection" help:"streams, tables, rules or connections."`
	Names []string `arg:"" optional:"" name:"name" help:"Their names."`
	Tag   []string `sep:"none" placeholder:"TAG" xor:"which" help:"All rules with this tag."`
	All   bool     `xor:"which" help:"All rules."`
	Force bool     `help:"Drop streams and tables even when rules read them."`
	Yes   bool     `short:"y" help:"Do not ask; asked is at a terminal with --tag and --all."`
}

// Run deletes them one by one, and goes on where one is refused.
func (c *deleteCmd) Run(s *session) error {
	kind := strings.TrimSuffix(c.Kind, "s")
	names, err := c.which(s, kind)
	if err != nil {
		return err
	}
	query := ""
	if c.Force {
		query = "?force=true"
	}
	return s.each("deleting", names, http.MethodDelete, func(name string) string { return "/" + kind + "s/" + escape(name) + query })
}

// which are the names; with --tag and --all somebody is asked.
func (c *deleteCmd) which(s *session, kind string) ([]string, error) {
	described := c.All || len(c.Tag) > 0
	switch {
	case kind != "rule" && described:
		return nil, usage{errors.New("--tag and --all are for rules")}
	case kind != "stream" && kind != "table" && c.Force:
		return nil, usage{errors.New("--force is for streams and tables")}
	case kind != "rule" && len(c.Names) == 0:
		return nil, usage{errors.New("give the names of what is to be deleted")}
	}
	if kind != "rule" {
		return c.Names, nil
	}
	names, err := (&selection{Rules: c.Names, Tag: c.Tag, All: c.All}).ids(s)
	if err == nil && described && s.asks && !c.Yes && !s.confirm("delete %d rules?", len(names)) {
		err = errors.New("nothing was changed")
	}
	return names, err
}
