package sqltest

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// player feeds the input of a case to its query and writes down what comes.
type player struct {
	streams streams
	lookups map[string][]object
	options options
	ruleID  string
	sql     string
	query   *sqlengine.Query
	run     *sqlengine.Run
	now     int64
	changed map[string]value.Value // parameters that the input has changed
	out     strings.Builder
	cut     func(*player) error // between two lines of the input, for tests
	pushed  func(*value.Batch)  // behind each Push, for tests
}

func (p *player) play(input source) error {
	p.now, p.changed = p.options.start.UnixNano(), map[string]value.Value{}
	if err := p.checkLookups(); err != nil {
		return fmt.Errorf("%s: %w", input.file, err)
	}
	if err := p.open(); err != nil {
		return err
	}
	for at, line := range input.lines() {
		e, err := parseEvent(line)
		if err == nil {
			err = p.take(e)
		}
		if err == nil && p.cut != nil {
			err = p.cut(p)
		}
		if err != nil {
			return errors.Join(input.wrap(at, err), p.run.Close())
		}
	}
	return p.run.Close()
}

func (p *player) open() (err error) {
	p.run, err = p.query.Open(sqlengine.Env{
		RuleID: p.ruleID, Start: p.options.start, Location: p.options.zone, Params: p.changed, Lookups: p.tables(),
		Prop:       func(name string) (string, bool) { text, ok := p.options.props[name]; return text, ok },
		KeyedState: func(key string) (value.Value, bool) { v, ok := p.options.state[key]; return v, ok },
		Now:        func() time.Time { return time.Unix(0, p.now) },
		OnRowError: func(e *sqlengine.RowError) { p.fail(e) },
	}, &writer{p})
	return err
}

// tables answer for the lookup tables of the query.
func (p *player) tables() map[string]sqlengine.Lookup {
	answers := map[string]sqlengine.Lookup{}
	for name, content := range p.lookups {
		d := p.decoder(p.streams[name])
		t := &table{keys: d, rows: d, content: content}
		t.keys.Columns = nil
		answers[name] = t
	}
	return answers
}

// decoder makes the rows that the query reads of a stream.
func (p *player) decoder(s *sqlengine.Stream) Decoder {
	return Decoder{Stream: s, Columns: p.query.Columns(s.Name), WholeNumbers: p.options.whole || typed(s)}
}

// fail writes down a row that failed.
func (p *player) fail(err error) { fmt.Fprintf(&p.out, "@%s error %v\n", p.since(p.now), err) }

func (p *player) since(t int64) time.Duration { return time.Duration(t - p.options.start.UnixNano()) }

func (p *player) take(e event) error {
	if e.kind == change {
		return p.change(e.param)
	}
	to := p.options.start.Add(e.at).UnixNano()
	if to < p.now {
		return fmt.Errorf("it is %s already: lines stand in the order of their times", p.since(p.now))
	}
	if err := p.emitDue(to); err != nil {
		return err
	}
	p.now = to
	if e.kind == passage {
		return p.run.Advance(to)
	}
	return p.push(e)
}

// change gives a parameter another value while the rule runs.
func (p *player) change(text string) error {
	name, v, err := parseValue("param", text)
	if err != nil {
		return err
	}
	if _, known := p.options.Params[name]; !known {
		return unknown("parameter", name, slices.Sorted(maps.Keys(p.options.Params)))
	}
	p.changed[name] = v
	return p.run.SetParam(name, v)
}

// mostSteps bounds what one line of the input can let come.
const mostSteps = 1_000_000

// emitDue lets the time pass as a host does: by way of each time that the query
// waits for.
func (p *player) emitDue(to int64) error {
	before := int64(math.MinInt64)
	steps := 0
	for next, ok := p.run.Next(); ok && next <= to; next, ok = p.run.Next() {
		if next <= before {
			return fmt.Errorf("the query still waits for %s after that time", p.since(next))
		}
		if steps++; steps > mostSteps {
			return fmt.Errorf("more than %d windows until then; let less time pass", mostSteps)
		}
		before, p.now = next, max(p.now, next)
		if err := p.run.Advance(next); err != nil {
			return err
		}
	}
	return nil
}

func (p *player) push(e event) error {
	stream, ok := p.streams[e.name]
	if !ok {
		return p.streams.unknown(e.name)
	}
	d := p.decoder(stream)
	batch := &value.Batch{Schema: &value.Schema{Columns: d.Columns}}
	for _, message := range e.messages {
		rows, err := d.message(message, e.meta)
		if err != nil {
			p.fail(&sqlengine.RowError{Op: "decode", Err: err})
		}
		for _, cols := range rows {
			batch.Rows = append(batch.Rows, value.Row{Time: p.now, Cols: cols})
		}
	}
	if len(batch.Rows) == 0 && p.run.Reads(e.name) {
		return nil
	}
	err := p.run.Push(e.name, batch)
	if p.pushed != nil {
		p.pushed(batch)
	}
	return err
}

// typed tells whether the source gives numbers a type of their own, as the
// readings of EdgeX have one: then 5 is BIGINT and 5.0 FLOAT.
func typed(s *sqlengine.Stream) bool { return strings.EqualFold(s.Options.Type, "edgex") }
