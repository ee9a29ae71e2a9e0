package codec

import (
	"testing"
	"time"

	"sluice/sqlengine"
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

// BenchmarkPipeline is one message all the way: decoded, filtered, projected
// and encoded, in a batch of its own.
func BenchmarkPipeline(b *testing.B) {
	cat := catalog{"demo": {Name: "demo", Schemaless: true}}
	q, err := sqlengine.Compile(pipelineSQL, cat, sqlengine.Options{})
	if err != nil {
		b.Fatal(err)
	}
	schema := &value.Schema{Columns: q.Columns("demo")}
	out := &encoding{encoder: NewEncoder(q.Output())}
	run, err := q.Open(sqlengine.Env{Start: time.Unix(0, 0), OnRowError: func(e *sqlengine.RowError) { b.Error(e) }}, out)
	if err != nil {
		b.Fatal(err)
	}
	d := decoder(b, "json", schema, DecoderOptions{})
	payload := []byte(pipelineMessage)
	batch := &value.Batch{Schema: schema}
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		if batch.Rows, err = d.Decode(batch.Rows[:0], payload, nil, int64(n)); err != nil {
			b.Fatal(err)
		}
		if err := run.Push("demo", batch); err != nil {
			b.Fatal(err)
		}
	}
	if out.rows != n || string(out.buf) != `{"device":"boiler-17","f":77.9}` {
		b.Errorf("%d results of %d messages, the last one %s", out.rows, n, out.buf)
	}
}
