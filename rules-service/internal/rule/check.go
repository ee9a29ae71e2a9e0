package rule

import (
	"errors"
	"fmt"

	"sluice/sqlengine"
	"sluice/sqlengine/diag"
)

// checker finds what can be wrong with rules against a catalog. It is used
// once, with Manager.change held: it remembers what it has found out about
// streams, which thousands of rules may share.
type checker struct {
	m       *Manager
	catalog sqlengine.Catalog
	streams map[string]error
}

func (m *Manager) checker(cat sqlengine.Catalog) *checker {
	return &checker{m, withHints(cat), map[string]error{}}
}

// prepare finds everything that can be wrong with a rule, and starts nothing.
// Manager.change is held.
func (m *Manager) prepare(def *Definition) (*prepared, error) {
	return m.checker(m.catalog).prepare(def)
}

func (c *checker) prepare(def *Definition) (*prepared, error) {
	q, err := c.compile(def)
	if err != nil {
		return nil, err
	}
	p := &prepared{query: q}
	var errs []error
	if p.streams, err = c.inputs(def, q); err != nil {
		errs = append(errs, err)
	}
	if err := c.feeds(def, p); err != nil {
		errs = append(errs, err)
	}
	for _, a := range def.Actions {
		warnings, err := c.m.checkAction(a)
		if err != nil {
			errs = append(errs, &Refused{fmt.Errorf("actions[%d]: %w", a.Index, err)})
		}
		p.warnings = append(p.warnings, warnings...)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return p, nil
}

// inputs are the streams that a query of the rule reads, found right.
func (c *checker) inputs(def *Definition, q *sqlengine.Query) ([]*sqlengine.Stream, error) {
	var streams []*sqlengine.Stream
	var errs []error
	catalog := def.over(c.catalog)
	for _, name := range q.Streams() {
		s, ok := catalog.Stream(name)
		if !ok {
			return nil, notFound(c.catalog, StreamKind, name)
		}
		if s.Options.Temp && !def.Temp {
			errs = append(errs, fmt.Errorf("stream %s is TEMP, so only rules with \"temp\": true can read it", name))
		}
		if err := c.stream(s); err != nil {
			errs = append(errs, fmt.Errorf("%s %s: %w", kindOfStream(s.Table), name, err))
		}
		if err := c.m.hub.CheckColumns(s, q.Columns(name)); err != nil && c.streams[s.Name] == nil {
			errs = append(errs, &Refused{fmt.Errorf("%s %s: %w", kindOfStream(s.Table), name, err)})
		}
		streams = append(streams, s)
	}
	return streams, errors.Join(errs...)
}

// compile plans the query of a rule. What is wrong with it comes with its text.
func (c *checker) compile(def *Definition) (*sqlengine.Query, error) {
	q, err := def.Compile(c.catalog)
	var findings diag.List
	if errors.As(err, &findings) {
		return nil, &Statement{def.SQL, findings}
	}
	return q, err
}

// stream tells what is wrong with the definition of a stream.
func (c *checker) stream(s *sqlengine.Stream) error {
	err, known := c.streams[s.Name]
	if known {
		return err
	}
	if e := c.m.hub.Check(s); e != nil {
		err = &Refused{e}
	}
	c.streams[s.Name] = err
	return err
}

func (m *Manager) checkAction(a Action) (warnings []string, err error) {
	if err := m.pool.Check(a.Type, a.Props); err != nil {
		return nil, err
	}
	info, err := m.registry.Sink(a.Type)
	if err != nil {
		return nil, err
	}
	c, err := info.Decode(a.Props, m.env)
	if err != nil {
		return nil, err
	}
	for _, w := range c.Warnings {
		warnings = append(warnings, fmt.Sprintf("actions[%d]: %s", a.Index, w))
	}
	return warnings, nil
}
