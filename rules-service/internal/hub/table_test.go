package hub

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/sqlengine"
)

const lines = `CREATE TABLE lines () WITH (TYPE="feed", DATASOURCE="lines", FORMAT="json"`

// holds waits until a rule keeps these rows of its table.
func holds(t *testing.T, a *Attachment, want ...string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		got := contents(t, a)
		if slices.Equal(got, want) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the table has %q, want %q", got, want)
		}
	}
}

// contents are the rows of the tables of a rule, as "table column=value …", the columns in order.
func contents(t *testing.T, a *Attachment) []string {
	t.Helper()
	var list []string
	for _, table := range a.ScanTables() {
		for _, r := range table.Rows {
			columns := []string{}
			for i, c := range table.Schema.Columns {
				if r.Cols[i].IsMissing() {
					continue
				}
				j, err := r.Cols[i].AppendJSON(nil)
				if err != nil {
					t.Fatal(err)
				}
				columns = append(columns, fmt.Sprintf(" %s=%s", c.Name, j))
			}
			slices.Sort(columns)
			list = append(list, table.Name+strings.Join(columns, ""))
		}
	}
	return list
}

func TestScanTable(t *testing.T) {
	noLeak(t)
	b := newBench(t, demo, lines+`, RETAIN_SIZE="2")`)
	a, out := b.attach("r", "SELECT demo.id, lines.name AS line FROM demo LEFT JOIN lines ON demo.id = lines.id")
	b.feeds.get("demo").send(`{"id":1}`)
	out.want(t, "id=1 ")
	b.feeds.get("lines").send(`{"id":1,"name":"north"}`)
	holds(t, a, `lines id=1 name="north"`)
	b.feeds.get("demo").send(`{"id":1}`, `{"id":2}`)
	out.want(t, `id=1 line="north" `, `id=2 `)
	b.feeds.get("lines").send(`[{"id":2,"name":"south"},{"id":3,"name":"east"}]`)
	holds(t, a, `lines id=2 name="south"`, `lines id=3 name="east"`)
	b.feeds.get("demo").send(`{"id":1}`, `{"id":3}`)
	out.want(t, `id=1 `, `id=3 line="east" `)
	if err := a.Detach(); err != nil {
		t.Fatal(err)
	}
	if rows := a.ScanTables(); rows != nil {
		t.Errorf("a rule that has ended has %v", rows)
	}
}

// A rule that comes later sees what the table holds, with the columns that it
// reads itself; messages that were wrong take no place.
func TestScanTableOfALaterRule(t *testing.T) {
	b := newBench(t, demo, lines+`, RETAIN_SIZE="2")`)
	first, _ := b.attach("first", "SELECT demo.id, lines.name AS line FROM demo INNER JOIN lines ON demo.id = lines.id")
	b.feeds.get("lines").send(`{"id":0}`, `{"id":1,"name":"north","boss":"a"}`, `nonsense`, `{"id":2,"name":"south","boss":"b"}`, `[]`)
	holds(t, first, `lines id=1 name="north"`, `lines id=2 name="south"`)

	later, out := b.attach("later", "SELECT lines.boss AS boss FROM demo INNER JOIN lines ON demo.id = lines.id")
	b.feeds.get("demo").send(`{"id":1}`)
	out.want(t, `boss="a" `)
	if got := contents(t, later); len(got) != 2 || !strings.Contains(got[1], `boss="b"`) {
		t.Errorf("%q", got)
	}

	state := later.Snapshot()
	if err := later.Detach(); err != nil {
		t.Fatal(err)
	}
	again := b.restored("later", "SELECT lines.boss AS boss FROM demo INNER JOIN lines ON demo.id = lines.id", newSink(), state)
	if got := contents(t, again); len(got) != 2 || !strings.Contains(got[0], `boss="a"`) || !strings.Contains(got[1], `boss="b"`) {
		t.Errorf("with its state it has %q", got)
	}
}

// Without RETAIN_SIZE the last row is the table, of a file all rows are.
func TestScanTableOfDefaultSize(t *testing.T) {
	for kind, want := range map[string]int{"feed": 1, "file": 0} {
		b := newBench(t)
		def := b.define(`CREATE TABLE t () WITH (TYPE="` + kind + `")`)
		if s := newShelf(def); s.rows != want {
			t.Errorf("%s keeps %d rows, want %d", kind, s.rows, want)
		}
	}
	b := newBench(t, demo)
	if newShelf(b.streams["demo"]) != nil {
		t.Error("a stream keeps rows")
	}
}

// A table shelf is bounded, however many messages come.
func TestShelfIsBounded(t *testing.T) {
	b := newBench(t, demo, lines+`, RETAIN_SIZE="3")`)
	a, _ := b.attach("r", "SELECT lines.id AS id FROM demo CROSS JOIN lines")
	feed := b.feeds.get("lines")
	for i := range 100 {
		feed.send(fmt.Sprintf(`{"id":%d}`, 2*i), fmt.Sprintf(`{"id":%d}`, 2*i+1))
	}
	holds(t, a, "lines id=197", "lines id=198", "lines id=199")
	st := b.Hub.streams["lines"]
	st.mu.Lock()
	defer st.mu.Unlock()
	if n := len(st.shelf.msgs); n != 3 {
		t.Errorf("%d messages are kept", n)
	}
}

// restored attaches a rule with the state that it had.
func (b *bench) restored(id, sql string, out *sink, state []byte) *Attachment {
	b.t.Helper()
	q, err := sqlengine.Compile(sql, b.streams, sqlengine.Options{})
	if err != nil {
		b.t.Fatal(err)
	}
	r := Rule{ID: id, Query: q, Env: sqlengine.Env{RuleID: id, Start: time.Now(), Location: time.UTC}, Out: out, State: state}
	for _, name := range q.Streams() {
		r.Streams = append(r.Streams, b.streams[name])
	}
	a, err := b.Attach(r)
	if err != nil {
		b.t.Fatal(err)
	}
	return a
}
