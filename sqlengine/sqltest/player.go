package sqltest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// player feeds the input of a case to its query and writes down what comes.
type player struct {
	streams streams
	options options
	query   *sqlengine.Query
	run     *sqlengine.Run
	now     int64
	out     strings.Builder
	cut     func(*player) error // between two lines of the input, for tests
}

func (p *player) play(input string) error {
	if err := p.open(); err != nil {
		return err
	}
	for line := range strings.Lines(input) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if err := p.line(line); err != nil {
			return fmt.Errorf("input: %s: %w", line, err)
		}
		if p.cut != nil {
			if err := p.cut(p); err != nil {
				return err
			}
		}
	}
	return p.run.Close()
}

func (p *player) open() (err error) {
	if p.now == 0 {
		p.now = p.options.start.UnixNano()
	}
	p.run, err = p.query.Open(sqlengine.Env{
		RuleID: "rule1", Start: p.options.start, Location: p.options.zone,
		Now: func() time.Time { return time.Unix(0, p.now) },
		OnRowError: func(e *sqlengine.RowError) {
			fmt.Fprintf(&p.out, "@%s error %v\n", p.since(p.now), e)
		},
	}, &writer{p})
	return err
}

func (p *player) since(t int64) time.Duration { return time.Duration(t - p.options.start.UnixNano()) }

func (p *player) line(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	at, rest, _ := strings.Cut(rest, " ")
	d, err := time.ParseDuration(strings.TrimPrefix(at, "@"))
	if err != nil {
		return err
	}
	p.now = p.options.start.Add(d).UnixNano()
	if word == "advance" {
		return p.advance(p.now)
	}
	stream, ok := p.streams[word]
	if !ok {
		return fmt.Errorf("unknown stream %q", word)
	}
	return p.push(stream, rest)
}

// advance lets the time pass as a host does: by way of each time that the
// query waits for.
func (p *player) advance(to int64) error {
	for next, ok := p.run.Next(); ok && next <= to; next, ok = p.run.Next() {
		p.now = next
		if err := p.run.Advance(next); err != nil {
			return err
		}
	}
	p.now = to
	return p.run.Advance(to)
}

func (p *player) push(stream *sqlengine.Stream, text string) error {
	text, metaText, _ := strings.Cut(text, " meta ")
	var meta map[string]any
	if metaText != "" {
		if err := decode(metaText, &meta); err != nil {
			return err
		}
	}
	columns := p.query.Columns(stream.Name)
	batch := &value.Batch{Schema: &value.Schema{Columns: columns}}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	for d.More() {
		var object map[string]any
		if err := d.Decode(&object); err != nil {
			return err
		}
		row, err := rowOf(reader{p.options.whole}, stream, columns, object, meta)
		if err != nil {
			return err
		}
		batch.Rows = append(batch.Rows, value.Row{Time: p.now, Cols: row})
	}
	return p.run.Push(stream.Name, batch)
}

// writer prints results: each batch of a windowed query is one, else each row.
type writer struct{ p *player }

func (w *writer) Push(b *value.Batch) error {
	if w.p.query.Windowed() {
		return w.result(b.Rows...)
	}
	for _, r := range b.Rows {
		if err := w.result(r); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) result(rows ...value.Row) error {
	at := w.p.now
	line := []byte{'['}
	for i, r := range rows {
		at = r.Time
		if i > 0 {
			line = append(line, ',')
		}
		var err error
		if line, err = objectOf(w.p.query.Output(), r).AppendJSON(line); err != nil {
			return err
		}
	}
	fmt.Fprintf(&w.p.out, "@%s %s]\n", w.p.since(at), line)
	return nil
}

func (w *writer) Advance(int64) error { return nil }
func (w *writer) Close() error        { return nil }
