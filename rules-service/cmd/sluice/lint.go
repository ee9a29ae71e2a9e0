package main

import (
	"errors"
	"slices"

	"sluice/rules-service/internal/rule"
	"sluice/sqlengine/diag"
)

// lintCmd checks files.
type lintCmd struct {
	Files []string `arg:"" help:"Files and folders with streams and rules, - for the standard input. Rules may read the streams of all of them."`
}

// Run checks all definitions as the service would, and misspelt keys besides.
func (c *lintCmd) Run(s *session) error {
	d, errs := s.readDefinitions(c.Files)
	var list []finding
	for _, err := range errs {
		list = append(list, finding{Message: err.Error()})
	}
	more, unchecked := d.lint()
	if list = append(list, more...); len(list) > 0 {
		return s.report("findings", list)
	}
	if !s.tables() {
		return s.show(struct {
			Streams   int       `json:"streams"`
			Rules     int       `json:"rules"`
			Findings  []finding `json:"findings"`
			Unchecked []finding `json:"unchecked,omitempty"`
		}{len(d.streams), len(d.rules), []finding{}, unchecked})
	}
	for i := range unchecked {
		s.printf("not checked: %s\n", unchecked[i].String())
	}
	s.printf("streams: %d, rules: %d, all right\n", len(d.streams), len(d.rules))
	return nil
}

// lint finds everything that is wrong with the definitions, and tells what only
// the service can check.
func (d *definitions) lint() (list, unchecked []finding) {
	l := newLinter()
	defer l.close()
	for _, st := range d.streams {
		where := finding{File: st.file, Kind: st.kind(), Name: st.statement.Name}
		list = append(list, findingsOf(where, st.sql, l.stream(st.statement.Stream))...)
	}
	for _, r := range d.rules {
		list = append(list, l.rule(r)...)
	}
	unchecked = slices.DeleteFunc(slices.Clone(list), func(f finding) bool { return !f.elsewhere })
	return slices.DeleteFunc(list, func(f finding) bool { return f.elsewhere }), unchecked
}

func (l *linter) rule(r ruleText) (list []finding) {
	where := finding{File: r.file, Kind: "rule", Name: r.id}
	def, warnings, err := rule.ParseDefinition(r.text)
	for _, w := range warnings {
		list = append(list, where.with(w))
	}
	var malformed *rule.Malformed
	if errors.As(err, &malformed) {
		for _, problem := range malformed.Problems {
			list = append(list, where.with(problem))
		}
		return list
	}
	if err != nil {
		return append(list, where.with(err.Error()))
	}
	_, err = def.Compile(l.streams)
	list = append(list, findingsOf(where, def.SQL, err)...)
	list = append(list, l.feeds(where, def)...)
	for _, err := range l.actions(def) {
		list = append(list, findingsOf(where, "", err)...)
	}
	return list
}

// feeds finds what is wrong with the queries that set parameters.
func (l *linter) feeds(where finding, def *rule.Definition) (list []finding) {
	_, err := def.CompileFeeds(l.streams)
	several, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	for _, err := range several.Unwrap() {
		sql := ""
		var statement *rule.Statement
		if errors.As(err, &statement) {
			sql = statement.Text
		}
		list = append(list, findingsOf(where, sql, err)...)
	}
	return list
}

// findingsOf takes an error apart; sql is what it may point into.
func findingsOf(where finding, sql string, err error) (list []finding) {
	if err == nil {
		return nil
	}
	var all diag.List
	if !errors.As(err, &all) {
		f := where.with(err.Error())
		f.elsewhere = errors.Is(err, errElsewhere)
		return []finding{f}
	}
	for _, e := range all.Findings(sql) {
		f := where.with(e.Message)
		f.Code, f.Line, f.Column, f.Hint, f.sql = string(e.Code), e.Line, e.Column, e.Hint, sql
		list = append(list, f)
	}
	return list
}
