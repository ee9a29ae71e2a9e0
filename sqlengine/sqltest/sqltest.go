// Package sqltest runs golden cases of the SQL dialect: a file holds streams,
// a query and rows with their times, and what must come out. Users test their
// rules with the same files.
//
// A case is a txtar archive of these sections:
//
//	streams    CREATE STREAM statements, each ended by ;
//	query      the SELECT
//	options    optional lines: start 2024-01-01T00:00:00Z, zone Europe/Berlin,
//	           sendNil, int64 (whole JSON numbers of schemaless streams are BIGINT)
//	input      lines such as
//	               demo @1s {"a":1}
//	               demo @1s {"a":1} meta {"topic":"x"}
//	               advance 10s
//	           with times since the start; the same stream, time and meta may
//	           hold several rows, one after the other: {"a":1} {"a":2}
//	output     a line for each result: @10s [{"a":1}], and for each row that
//	           failed: @1s error filter: …
//	error      how the query is refused
//	explain    the plan
//	statement  instead of a query: a statement; its output is how it reads
package sqltest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sluice/sqlengine"
	"sluice/sqlengine/diag"
)

// Case is one golden file.
type Case struct{ archive archive }

// Parse reads a golden file.
func Parse(data []byte) (*Case, error) {
	a := parseArchive(data)
	if !a.has("query") && !a.has("statement") {
		return nil, errors.New("the case has neither a query nor a statement")
	}
	for _, s := range a.sections {
		if !known[s.name] {
			return nil, fmt.Errorf("unknown section %q", s.name)
		}
	}
	return &Case{a}, nil
}

var known = map[string]bool{"streams": true, "query": true, "options": true, "input": true,
	"output": true, "error": true, "explain": true, "statement": true}

// Run runs the case and returns it with the sections as they really are.
func (c *Case) Run() (*Case, error) {
	got := &Case{c.archive.without("output", "error", "explain")}
	if c.archive.has("statement") {
		got.statement(c.archive.text("statement"))
		return got, nil
	}
	streams, err := parseStreams(c.archive.text("streams"))
	if err != nil {
		return nil, err
	}
	o, err := parseOptions(c.archive.text("options"))
	if err != nil {
		return nil, err
	}
	sql := strings.TrimRight(c.archive.text("query"), "\n")
	q, err := sqlengine.Compile(sql, streams, sqlengine.Options{SendNil: o.sendNil})
	if err != nil {
		got.archive.add("error", render(err, sql))
		return got, nil
	}
	if c.archive.has("explain") {
		got.archive.add("explain", q.Explain())
	}
	if !c.archive.has("input") {
		return got, nil
	}
	p := &player{streams: streams, options: o, query: q}
	if err := p.play(c.archive.text("input")); err != nil {
		return nil, err
	}
	got.archive.add("output", p.out.String())
	return got, nil
}

// Format is the text of the file.
func (c *Case) Format() string { return c.archive.format() }

func (c *Case) statement(text string) {
	text = strings.TrimRight(text, "\n")
	st, err := sqlengine.ParseStatement(text)
	if err != nil {
		c.archive.add("error", render(err, text))
		return
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
	c.archive.add("output", out)
}

func render(err error, text string) string {
	var findings diag.List
	if errors.As(err, &findings) {
		return findings.Render(text) + "\n"
	}
	return err.Error() + "\n"
}

// streams is a catalog.
type streams map[string]*sqlengine.Stream

func (s streams) Stream(name string) (*sqlengine.Stream, bool) { st, ok := s[name]; return st, ok }

func (s streams) Names() []string {
	var names []string
	for name := range s {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func parseStreams(text string) (streams, error) {
	list := streams{}
	for text := range strings.SplitSeq(text, ";") {
		if strings.TrimSpace(text) == "" {
			continue
		}
		st, err := sqlengine.ParseStatement(text)
		if err != nil {
			return nil, fmt.Errorf("streams: %s", render(err, text))
		}
		if st.Stream == nil {
			return nil, fmt.Errorf("streams: %s is no CREATE", strings.TrimSpace(text))
		}
		list[st.Name] = st.Stream
	}
	return list, nil
}

type options struct {
	start          time.Time
	zone           *time.Location
	sendNil, whole bool
}

func parseOptions(text string) (options, error) {
	o := options{start: time.Unix(0, 0), zone: time.UTC}
	for line := range strings.Lines(text) {
		key, arg, _ := strings.Cut(strings.TrimSpace(line), " ")
		var err error
		switch key {
		case "":
		case "start":
			o.start, err = time.Parse(time.RFC3339, arg)
		case "zone":
			o.zone, err = time.LoadLocation(arg)
		case "sendNil":
			o.sendNil = true
		case "int64":
			o.whole = true
		default:
			err = fmt.Errorf("unknown option %q", key)
		}
		if err != nil {
			return o, fmt.Errorf("options: %w", err)
		}
	}
	return o, nil
}
