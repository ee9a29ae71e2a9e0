package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"sluice/rules-service/internal/builtin"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connector/edgex"
	"sluice/rules-service/internal/delivery"
	"sluice/rules-service/internal/hub"
	"sluice/rules-service/internal/rule"
	"sluice/sqlengine"
	"sluice/sqlengine/diag"
)

// lintCmd checks files.
type lintCmd struct {
	Files []string `arg:"" help:"Files with streams and rules. Rules may read the streams of all files."`
}

// Run checks all definitions as the service would, and misspelt keys besides.
func (c *lintCmd) Run(s *session) error {
	d, errs := readFiles(c.Files)
	l := newLinter()
	defer l.close()
	for _, st := range d.streams {
		if err := l.stream(st); err != nil {
			errs = append(errs, fmt.Errorf("%s: stream %s: %w", st.file, st.statement.Name, err))
		}
	}
	for _, r := range d.rules {
		for _, err := range l.rule(r) {
			errs = append(errs, fmt.Errorf("%s: rule %s: %w", r.file, r.id, err))
		}
	}
	if len(errs) > 0 {
		return fmt.Errorf("findings: %d\n%w", len(errs), errors.Join(errs...))
	}
	_, _ = fmt.Fprintf(s.out, "streams: %d, rules: %d, all right\n", len(d.streams), len(d.rules))
	return nil
}

// linter checks definitions without connecting to anything.
type linter struct {
	streams streams
	hub     *hub.Hub
	pool    *delivery.Pool
}

// streams is the catalog of the files.
type streams map[string]*sqlengine.Stream

// Stream returns the stream of that name.
func (c streams) Stream(name string) (*sqlengine.Stream, bool) { s, ok := c[name]; return s, ok }

// Names lists the streams in order.
func (c streams) Names() []string { return slices.Sorted(maps.Keys(c)) }

func newLinter() *linter {
	reg := builtin.Registry(edgex.Bus{})
	env := connector.Env{
		Log:    slog.New(slog.DiscardHandler),
		Secret: func(string, string) (string, error) { return "", nil }, // only the service has them
	}
	return &linter{streams{}, hub.New(reg, env, func(string, error) {}), delivery.NewPool(reg, env)}
}

func (l *linter) close() {
	_ = l.hub.Close(context.Background())  // nothing is open
	_ = l.pool.Close(context.Background()) // nothing is open
}

func (l *linter) stream(st streamText) error {
	l.streams[st.statement.Name] = st.statement.Stream
	return l.hub.Check(st.statement.Stream)
}

func (l *linter) rule(r ruleText) []error {
	def, warnings, err := rule.ParseDefinition(r.text)
	var errs []error
	for _, w := range warnings {
		errs = append(errs, errors.New(w))
	}
	if err != nil {
		return append(errs, err)
	}
	_, err = def.Compile(l.streams)
	if findings := diag.List(nil); errors.As(err, &findings) {
		err = errors.New(findings.Render(def.SQL))
	}
	if err != nil {
		errs = append(errs, err)
	}
	for _, a := range def.Actions {
		if err := l.pool.Check(a.Type, a.Props); err != nil {
			errs = append(errs, fmt.Errorf("actions[%d]: %w", a.Index, err))
		}
	}
	return errs
}
