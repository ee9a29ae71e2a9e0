package codec

import (
	"testing"
	"time"

	"sluice/sqlengine"
	"sluice/sqlengine/exec"
	"sluice/sqlengine/value"
)

type catalog map[string]*sqlengine.Stream

func (c catalog) Stream(name string) (*sqlengine.Stream, bool) { s, ok := c[name]; return s, ok }
func (c catalog) Names() []string                              { return nil }

// encoding is the end of a query: it writes every row as JSON.
type encoding struct {
	encoder *Encoder
	buf     []byte
	rows    int
}

func (e *encoding) Push(b *value.Batch) (err error) {
	for _, r := range b.Rows {
		if e.buf, err = e.encoder.Append(e.buf[:0], r); err != nil {
			return err
		}
		e.rows++
	}
	return nil
}

func (e *encoding) Advance(int64) error { return nil }
func (e *encoding) Close() error        { return nil }

const (
	pipelineSQL     = "SELECT device, temperature*1.8+32 AS f FROM demo WHERE temperature > 20.5 AND humidity < 80"
	pipelineMessage = `{"device":"boiler-17","temperature":25.5,"humidity":44.2,"pressure":5.127,"status":"running","count":18273645,"online":true,"remark":"line 1, hall 3, shift B, next service in 214 hours, operator on duty: 4711, lot 5512"}`
)

// counting is the end of a query that keeps nothing.
type counting struct{ rows int }

func (c *counting) Push(b *value.Batch) error { c.rows += len(b.Rows); return nil }
func (c *counting) Advance(int64) error       { return nil }
func (c *counting) Close() error              { return nil }

// BenchmarkFilterProject is one message, decoded, filtered and projected, in a
// batch of its own.
func BenchmarkFilterProject(b *testing.B) {
	out := &counting{}
	if n := pipeline(b, out, compile(b)); out.rows != n {
		b.Errorf("%d results of %d messages", out.rows, n)
	}
}

// BenchmarkPipeline is the same and encodes the result too.
func BenchmarkPipeline(b *testing.B) {
	q := compile(b)
	out := &encoding{encoder: NewEncoder(q.Output())}
	if n := pipeline(b, out, q); out.rows != n || string(out.buf) != `{"device":"boiler-17","f":77.9}` {
		b.Errorf("%d results of %d messages, the last one %s", out.rows, n, out.buf)
	}
}

func compile(b *testing.B) *sqlengine.Query {
	b.Helper()
	q, err := sqlengine.Compile(pipelineSQL, catalog{"demo": {Name: "demo", Schemaless: true}}, sqlengine.Options{})
	if err != nil {
		b.Fatal(err)
	}
	return q
}

// pipeline pushes the message once per iteration and returns how often.
func pipeline(b *testing.B, out exec.Operator, q *sqlengine.Query) (n int) {
	b.Helper()
	schema := &value.Schema{Columns: q.Columns("demo")}
	run, err := q.Open(sqlengine.Env{Start: time.Unix(0, 0), OnRowError: func(e *sqlengine.RowError) { b.Error(e) }}, out)
	if err != nil {
		b.Fatal(err)
	}
	d := decoder(b, "json", schema, DecoderOptions{})
	payload := []byte(pipelineMessage)
	batch := &value.Batch{Schema: schema}
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		n++
		if batch.Rows, err = d.Decode(batch.Rows[:0], payload, nil, int64(n)); err != nil {
			b.Fatal(err)
		}
		if err := run.Push("demo", batch); err != nil {
			b.Fatal(err)
		}
	}
	return n
}
