package hub

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
)

// book is a source that ends by itself.
type book struct {
	pages []string
	pause time.Duration
}

func (b *book) Connect(context.Context) error { return nil }
func (b *book) Close(context.Context) error   { return nil }
func (b *book) Read(ctx context.Context) ([]connector.Inbound, func(error), error) {
	if !sleepFor(ctx, b.pause) {
		return nil, nil, ctx.Err()
	}
	if len(b.pages) == 0 {
		return nil, nil, connector.ErrEndOfInput
	}
	page := b.pages[0]
	b.pages = b.pages[1:]
	return []connector.Inbound{{Payload: []byte(page)}}, nil, nil
}

type bookConfig struct {
	Datasource string `prop:"datasource" doc:"Title."`
}

// A table whose source ends by itself is there before the first row of a
// stream, but a stream does not wait for it without end.
func TestTablesAreLoadedFirst(t *testing.T) {
	for pause, want := range map[time.Duration]string{time.Second: `id=2 name="b" `, time.Hour: `id=2 `} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, demo, `CREATE TABLE names () WITH (TYPE="book", FORMAT="json", RETAIN_SIZE="10")`)
			connector.AddSource(b.reg, connector.SourceSpec[bookConfig]{
				Name: "book", Summary: "Ends.", Example: `{}`, Finite: func(bookConfig) bool { return true },
				New: func(bookConfig, connector.Env) (connector.Source, error) {
					return &book{pages: []string{`{"id":1,"name":"a"}`, `{"id":2,"name":"b"}`}, pause: pause}, nil
				},
			})
			const sql = "SELECT demo.id, names.name AS name FROM demo LEFT JOIN names ON demo.id = names.id"
			_, out := b.attach("r", sql)
			start := time.Now()
			b.feeds.get("demo").send(`{"id":2}`)
			out.want(t, want)
			if waited, most := time.Since(start), min(3*pause, loadTimeout); waited != most {
				t.Errorf("the stream waited %v, want %v", waited, most)
			}
			if pause == time.Second { // it has ended: the next rule has the table, and waits for nothing
				_, later := b.attach("later", sql)
				b.feeds.get("demo").send(`{"id":1}`)
				later.want(t, `id=1 name="a" `)
			}
			if err := b.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}
