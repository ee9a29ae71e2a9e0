// Package sqltest runs cases of the SQL dialect that are written as text: a
// file holds streams, a query and rows with their times, and what must come
// out. The engine is tested by them, and users test their rules with the same
// files: sluice test.
//
// A case is a txtar archive of these sections; lines that begin with # are
// comments in options, input and lookup:
//
//	streams    CREATE STREAM and CREATE TABLE statements, each ended by ;
//	query      the SELECT
//	rule       instead of a query: a rule as JSON, with its sql and options;
//	           the actions are ignored
//	statement  instead of a query: a statement; its output is how it reads
//	options    optional lines:
//	               start 2024-01-01T00:00:00Z, zone Europe/Berlin: of the clock
//	               int64: whole JSON numbers of undeclared columns are BIGINT
//	               prop NAME TEXT, state KEY JSON: what props() and
//	               get_keyed_state() read
//	               param NAME JSON: the value of $NAME
//	               sendNil, sendMeta, eventTime, lateTolerance 2s,
//	               idleTimeout 5s, windowVersion v2, sendSlidingTwice:
//	               options of a rule
//	lookup T   JSON rows that the lookup table T answers with
//	input      lines such as
//	               demo @1s {"a":1}
//	               demo @1s {"a":1} meta {"topic":"x"}
//	               advance 10s
//	               param NAME JSON
//	           with times since the start; several messages of one stream,
//	           time and metadata stand one after the other: {"a":1} {"a":2};
//	           the rows of a table are lines like those of a stream
//	output     a line for each result: @10s [{"a":1}], and for each row that
//	           failed: @1s error filter: …
//	error      how the query or the statement is refused
//	explain    the plan
//	counters   what the operators have counted at the end, with their last
//	           exception
//
// Instead of its text, streams, query, rule and input may hold a line "file
// PATH": a file beside the case. Streams may be those of a ruleset, and a rule
// one of several: "file PATH rule ID".
package sqltest

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"sluice/sqlengine"
	"sluice/sqlengine/diag"
)

// Case is one file.
type Case struct {
	file    string
	archive archive
}

// Parse reads a case. The name of the file stands in errors, and the files
// that the case names are looked for beside it.
func Parse(file string, data []byte) (*Case, error) {
	c := &Case{file, parseArchive(plainText(data))}
	seen := map[string]bool{}
	for _, s := range c.archive.sections {
		if !slices.Contains(sections, s.name) && !strings.HasPrefix(s.name, lookupPrefix) {
			return nil, fmt.Errorf("%s:%d: %w", file, s.line, unknown("section", s.name, sections))
		}
		if seen[s.name] {
			return nil, fmt.Errorf("%s:%d: a second section %s", file, s.line, s.name)
		}
		seen[s.name] = true
	}
	subjects := 0
	for _, name := range []string{"query", "rule", "statement"} {
		if seen[name] {
			subjects++
		}
	}
	if subjects != 1 {
		return nil, fmt.Errorf("%s: a case has one section query, rule or statement, and this one has %d", file, subjects)
	}
	return c, nil
}

// sections of a case; besides there is one for each lookup table.
var sections = []string{"streams", "query", "rule", "statement", "options", "input", "output", "error", "explain", "counters"}

// results are the sections that a run fills in.
var results = []string{"explain", "error", "output", "counters"}

// Format is the text of the file.
func (c *Case) Format() string { return c.archive.format() }

// Results are the sections that a run fills in, for people.
func (c *Case) Results() string {
	var b strings.Builder
	for _, name := range results {
		if !c.archive.has(name) {
			continue
		}
		b.WriteString(name + "\n")
		for line := range strings.Lines(c.archive.text(name)) {
			b.WriteString("    " + line)
		}
	}
	return b.String()
}

// Run runs the case and returns it with the results as they really are. An
// error means that the case cannot be run.
func (c *Case) Run() (got *Case, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: panic: %v\n%s", c.file, p, debug.Stack())
		}
	}()
	return c.run()
}

func (c *Case) run() (*Case, error) {
	if c.archive.has("statement") {
		return c.having(describe(c.archive.text("statement"))), nil
	}
	p, err := c.prepare()
	if err != nil {
		return nil, err
	}
	if err := p.compile(); err != nil {
		return c.having(section{name: "error", text: render(err, p.sql)}), nil
	}
	var found []section
	if c.archive.has("explain") {
		found = append(found, section{name: "explain", text: p.query.Explain()})
	}
	if c.archive.has("input") {
		input, err := c.source("input")
		if err == nil {
			err = p.play(input)
		}
		if err != nil {
			return nil, err
		}
		found = append(found, section{name: "output", text: p.out.String()})
		if c.archive.has("counters") {
			found = append(found, section{name: "counters", text: counters(p.run.Stats())})
		}
	}
	return c.having(found...), nil
}

// having is the case with these results and no others.
func (c *Case) having(found ...section) *Case {
	return &Case{c.file, c.archive.with(found, results...)}
}

// prepare reads everything but the input.
func (c *Case) prepare() (*player, error) {
	p := &player{options: defaultOptions(), ruleID: "rule1"}
	src, err := c.source("streams")
	if err != nil {
		return nil, err
	}
	if p.streams, err = parseStreams(src); err != nil {
		return nil, err
	}
	if p.lookups, err = c.parseLookups(p.streams); err != nil {
		return nil, err
	}
	if err := c.readSubject(p); err != nil {
		return nil, err
	}
	src, err = c.source("options")
	if err != nil {
		return nil, err
	}
	return p, p.options.parse(src)
}

// readSubject reads the query, or the rule that has it.
func (c *Case) readSubject(p *player) error {
	if !c.archive.has("rule") {
		src, err := c.source("query")
		p.sql = strings.TrimRight(src.text, "\n")
		return err
	}
	src, err := c.source("rule")
	if err != nil {
		return err
	}
	if src, err = ruleText(src); err != nil {
		return err
	}
	r, err := parseRule(src)
	if err != nil {
		return err
	}
	p.sql = r.SQL
	if r.ID != "" {
		p.ruleID = r.ID
	}
	if err := r.apply(&p.options); err != nil {
		return src.wrap(0, fmt.Errorf("rule: %w", err))
	}
	return nil
}

// compile plans the query.
func (p *player) compile() (err error) {
	p.query, err = sqlengine.Compile(p.sql, p.streams, p.options.Options)
	return err
}

// describe is how a statement reads, or how it is refused.
func describe(text string) section {
	text = strings.TrimRight(text, "\n")
	st, err := sqlengine.ParseStatement(text)
	if err != nil {
		return section{name: "error", text: render(err, text)}
	}
	kind := "STREAM"
	if st.Table {
		kind = "TABLE"
	}
	if st.Verb == sqlengine.Show {
		kind += "S"
	}
	out := strings.TrimSpace(fmt.Sprintf("%s %s %s", st.Verb, kind, st.Name)) + "\n"
	if st.Stream != nil {
		out += st.Stream.Describe()
	}
	return section{name: "output", text: out}
}

func render(err error, text string) string {
	var findings diag.List
	if errors.As(err, &findings) {
		return findings.Render(text) + "\n"
	}
	return err.Error() + "\n"
}
