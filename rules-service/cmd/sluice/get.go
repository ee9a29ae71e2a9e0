package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// getCmd shows definitions.
type getCmd struct {
	Kind   string `arg:"" enum:"streams,stream,tables,table,rules,rule,connections,connection" help:"streams, tables, rules or connections."`
	Name   string `arg:"" optional:"" help:"Name of one of them."`
	filter `group:"Lists"`
}

// Run shows one definition as it is stored, or lists all of a kind.
func (c *getCmd) Run(s *session) error {
	kind := strings.TrimSuffix(c.Kind, "s") + "s"
	if c.Name != "" {
		a, err := s.api.call(s.ctx, http.MethodGet, "/"+kind+"/"+escape(c.Name), "")
		if err != nil {
			return err
		}
		return s.showText(a.body)
	}
	if kind != "rules" && (len(c.Tag) > 0 || c.State != "") {
		return usage{errors.New("only rules have tags and a status")}
	}
	if kind == "connections" && c.query() != "" {
		return usage{errors.New("the list of connections is always whole; leave the flags out")}
	}
	return s.list(kind, c.query())
}

// lists say where lists are, and what their columns are.
var lists = map[string]struct {
	path   string
	header []string
	row    func(raw json.RawMessage) ([]string, error)
}{
	"streams":     {"/streamdetails", []string{"NAME", "TYPE", "FORMAT"}, streamRow},
	"tables":      {"/tabledetails", []string{"NAME", "TYPE", "FORMAT"}, streamRow},
	"rules":       {"/rules", []string{"ID", "NAME", "STATUS", "TAGS", "VERSION"}, ruleRow},
	"connections": {"/connections", []string{"ID", "TYPE", "STATUS", "USERS", "ERROR"}, connectionRow},
}

func (s *session) list(kind, query string) error {
	l := lists[kind]
	var entries []json.RawMessage
	a, err := s.api.exchange(s.ctx, http.MethodGet, l.path+query, nil, &entries)
	if err != nil {
		return err
	}
	if !s.tables() {
		return s.showText(a.body)
	}
	rows := [][]string{l.header}
	for _, raw := range entries {
		row, err := l.row(raw)
		if err != nil {
			return fmt.Errorf("list of %s: %w", kind, err)
		}
		rows = append(rows, row)
	}
	if err := s.table(rows); err != nil {
		return err
	}
	if a.total > len(entries) {
		s.notef("%d of %d %s; --limit and --offset show others\n", len(entries), a.total, kind)
	}
	return nil
}

func streamRow(raw json.RawMessage) ([]string, error) {
	var e struct{ Name, Type, Format string }
	err := json.Unmarshal(raw, &e)
	return []string{e.Name, e.Type, e.Format}, err
}

func ruleRow(raw json.RawMessage) ([]string, error) {
	var e struct {
		ID, Name, Status, Version string
		Tags                      []string
	}
	err := json.Unmarshal(raw, &e)
	return []string{e.ID, e.Name, e.Status, strings.Join(e.Tags, ","), e.Version}, err
}

func connectionRow(raw json.RawMessage) ([]string, error) {
	var e struct {
		ID, Typ, Status, Err string
		RefCount             int
	}
	err := json.Unmarshal(raw, &e)
	return []string{e.ID, e.Typ, e.Status, strconv.Itoa(e.RefCount), oneLine(e.Err)}, err
}
