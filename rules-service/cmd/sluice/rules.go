package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"

	"sluice/rules-service/internal/definition"
	"sluice/rules-service/internal/rule"
	"sluice/sqlengine"
	"sluice/sqlengine/diag"
)

// isFile tells files from the names of rules.
func isFile(arg string) bool {
	if arg == standardInput || slices.ContainsFunc(definition.Endings, func(end string) bool { return strings.HasSuffix(arg, end) }) {
		return true
	}
	_, err := os.Stat(arg)
	return err == nil
}

// rulesOf are the rules and streams of files, or a rule of the service.
func (s *session) rulesOf(args []string) (*definitions, error) {
	if len(args) == 0 || isFile(args[0]) {
		return s.mustRead(args)
	}
	a, err := s.api.call(s.ctx, http.MethodGet, "/rules/"+escape(args[0]), "")
	if err != nil {
		return nil, err
	}
	d, err := s.mustRead(args[1:])
	if err == nil {
		d.rules = append(d.rules, ruleText{"", args[0], a.body})
	}
	return d, err
}

// one is the only rule of the files, or the one with the id.
func (d *definitions) one(id string) (*ruleText, error) {
	var ids []string
	for i := range d.rules {
		if r := &d.rules[i]; r.id == id || id == "" && len(d.rules) == 1 {
			return r, nil
		}
		ids = append(ids, d.rules[i].id)
	}
	switch {
	case len(ids) == 0:
		return nil, usage{errors.New("no rule is in the files")}
	case id == "":
		return nil, usage{fmt.Errorf("%d rules are in the files; say which one with --rule %s", len(ids), ids[0])}
	}
	return nil, usage{fmt.Errorf("no rule %s is in the files%s", id, didYouMean(id, ids))}
}

func didYouMean(name string, others []string) string {
	if near := diag.Nearest(name, others); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// compile plans a rule over the streams of the files; the service is asked for
// those that are in none.
func (s *session) compile(r *ruleText, d *definitions) (*sqlengine.Query, error) {
	def, _, err := rule.ParseDefinition(r.text)
	if err != nil {
		return nil, fmt.Errorf("rule %s: %w", r.id, err)
	}
	streams := sqlengine.Streams{}
	for i := range d.streams {
		streams[d.streams[i].statement.Name] = d.streams[i].statement.Stream
	}
	q, err := def.Compile(streams)
	if err == nil {
		return q, nil
	}
	known, asked := s.serviceStreams()
	if asked == nil {
		for name, st := range streams {
			known[name] = st // a file's definition is the newer one
		}
		q, err = def.Compile(known)
	}
	if err == nil {
		return q, nil
	}
	var list []string
	for _, f := range findingsOf(finding{File: r.file, Kind: "rule", Name: r.id}, def.SQL, err) {
		list = append(list, f.String())
	}
	return nil, found{strings.Join(list, "\n")}
}

// serviceStreams are the streams and tables that the service has.
func (s *session) serviceStreams() (sqlengine.Streams, error) {
	set, err := s.exported()
	if err != nil {
		return nil, err
	}
	known := sqlengine.Streams{}
	for _, group := range []map[string]string{set.Streams, set.Tables} {
		for _, sql := range group {
			if err := known.Define(sql); err != nil {
				return nil, err
			}
		}
	}
	return known, nil
}
