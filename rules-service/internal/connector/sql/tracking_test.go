package sql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// memory keeps positions.
type memory struct {
	mu sync.Mutex
	at map[string][]byte
}

func (m *memory) Position(source string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at[source], nil
}

func (m *memory) SetPosition(source string, at []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.at == nil {
		m.at = map[string][]byte{}
	}
	m.at[source] = slices.Clone(at)
	return nil
}

// numbered puts rows n = from … to-1 into a table, all with the same value of k.
func (f *fixture) numbered(t testing.TB, table string, from, to, k int) {
	t.Helper()
	var rows []string
	for n := from; n < to; n++ {
		rows = append(rows, fmt.Sprintf("(%d, %d)", n, k))
	}
	f.exec(t, fmt.Sprintf("INSERT INTO %s (n, k) VALUES %s", table, strings.Join(rows, ", ")))
}

// numbers are n of so many rows that come next, in order of n.
func numbers(t testing.TB, s connector.Source, n int) string {
	t.Helper()
	var list []int
	for _, row := range read(t, s, n) {
		var k, number, seq int
		if _, err := fmt.Sscanf(row, `{"k":%d,"n":%d,"seq":%d}`, &k, &number, &seq); err != nil {
			t.Fatalf("%s: %v", row, err)
		}
		list = append(list, number)
	}
	slices.Sort(list)
	if len(list) != n {
		t.Fatalf("%d rows came together, want %d", len(list), n)
	}
	return fmt.Sprintf("%d to %d, %d", list[0], list[len(list)-1], len(slices.Compact(list)))
}

func by(table, column string, more map[string]any) map[string]any {
	p := tracking(table, more)
	p["internalSqlQueryCfg"].(map[string]any)["indexFields"] = []any{map[string]any{"indexField": column, "indexValue": 0}}
	return p
}

// However many rows have one value of the tracked column, none of them is lost
// and none comes twice.
func tiesComeTogether(t *testing.T, f *fixture) {
	f.table(t, "ties", "n BIGINT, k BIGINT")
	f.numbered(t, "ties", 0, 2500, 1)
	f.numbered(t, "ties", 2500, 2600, 2)
	f.numbered(t, "ties", 2600, 3700, 3)
	s := f.source(t, by("ties", "k", nil)).(*source).connected(t)
	if got := numbers(t, s, 3700); got != "0 to 3699, 3700" {
		t.Error(got)
	}
	f.numbered(t, "ties", 3700, 3710, 4)
	if got := numbers(t, s, 10); got != "3700 to 3709, 10" {
		t.Error(got)
	}
}

// A query gives no more than limit, except rows of one value.
func limitHolds(t *testing.T, f *fixture) {
	f.table(t, "limits", "n BIGINT, k BIGINT")
	f.numbered(t, "limits", 0, 7, 1)
	f.numbered(t, "limits", 7, 9, 2)
	f.numbered(t, "limits", 9, 10, 3)
	f.numbered(t, "limits", 10, 11, 4)
	s := f.source(t, by("limits", "k", map[string]any{"limit": 3})).(*source).connected(t)
	var sizes []int
	for n := 0; n < 11; {
		msgs, ack, err := s.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ack(nil)
		sizes = append(sizes, len(msgs))
		n += len(msgs)
	}
	if !slices.Equal(sizes, []int{7, 2, 2}) {
		t.Errorf("%v", sizes)
	}
}

// Of two indexes the second counts where the first is equal.
func twoIndexes(t *testing.T, f *fixture) {
	f.table(t, "pairs", "n BIGINT, k BIGINT")
	f.numbered(t, "pairs", 0, 2500, 1)
	p := tracking("pairs", nil)
	p["internalSqlQueryCfg"].(map[string]any)["indexFields"] = []any{map[string]any{"indexField": "k"}, map[string]any{"indexField": "n"}}
	s := f.source(t, p).(*source).connected(t)
	if got := numbers(t, s, 2500); got != "0 to 2499, 2500" {
		t.Error(got)
	}
	f.numbered(t, "pairs", 0, 5, 2)
	f.numbered(t, "pairs", 2500, 2501, 1)
	f.numbered(t, "pairs", 9, 10, 2)
	got := read(t, s, 7)
	if len(got) != 7 || !strings.HasPrefix(got[0], `{"k":1,"n":2500,`) || !strings.HasPrefix(got[6], `{"k":2,"n":9,`) {
		t.Errorf("%s", got)
	}
}

// A new source goes on behind what the rules of the last one have taken; what
// they have not, comes again.
func goesOnAfterRestart(t *testing.T, f *fixture) {
	f.table(t, "restarts", "n BIGINT, k BIGINT")
	f.numbered(t, "restarts", 0, 10, 1)
	env := f.env
	f.env.Positions = &memory{}
	defer func() { f.env = env }()
	first := f.source(t, tracking("restarts", nil)).(*source).connected(t)
	if got := numbers(t, first, 10); got != "0 to 9, 10" {
		t.Fatal(got)
	}
	f.numbered(t, "restarts", 10, 20, 1)
	msgs, _, err := first.Read(t.Context()) // and no answer
	if err != nil || len(msgs) != 10 {
		t.Fatal(len(msgs), err)
	}
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := f.source(t, tracking("restarts", nil)).(*source).connected(t)
	if got := numbers(t, second, 10); got != "10 to 19, 10" {
		t.Error(got)
	}
	if err := second.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	elsewhere := tracking("restarts", map[string]any{"indexFields": []any{map[string]any{"indexField": "seq", "indexValue": 5}}})
	if got := numbers(t, f.source(t, elsewhere).(*source).connected(t), 15); got != "5 to 19, 15" {
		t.Errorf("another indexValue is another beginning: %s", got)
	}
}

// What the rules could not take comes again, in its order.
func notTakenComesAgain(t *testing.T, f *fixture) {
	f.table(t, "again", "n BIGINT, k BIGINT")
	f.numbered(t, "again", 0, 5, 1)
	s := f.source(t, tracking("again", nil)).(*source).connected(t)
	first, ack, err := s.Read(t.Context())
	if err != nil || len(first) != 5 {
		t.Fatal(len(first), err)
	}
	f.numbered(t, "again", 5, 8, 1)
	next, ackNext, err := s.Read(t.Context())
	if err != nil || len(next) != 3 {
		t.Fatal(len(next), err)
	}
	ackNext(nil)
	ack(errors.New("no"))
	if got := numbers(t, s, 8); got != "0 to 7, 8" {
		t.Error(got)
	}
	// It does not wait for the next query.
	p := tracking("again", nil)
	p["interval"] = "24h"
	s = f.source(t, p).(*source).connected(t)
	if _, ack, err = s.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	came := make(chan string, 1)
	go func() { came <- numbers(t, s, 8) }()
	ack(errors.New("no"))
	select {
	case got := <-came:
		if got != "0 to 7, 8" {
			t.Error(got)
		}
	case <-time.After(patience):
		t.Fatal("nothing comes again")
	}
}

// Without an index each query gives the whole table, of any size.
func wholeTable(t *testing.T, f *fixture) {
	f.table(t, "whole", "n BIGINT, k BIGINT")
	f.numbered(t, "whole", 0, 2001, 1)
	s := f.source(t, map[string]any{"interval": "20ms", "datasource": "whole"}).(*source).connected(t)
	for range 2 {
		if got := numbers(t, s, 2001); got != "0 to 2000, 2001" {
			t.Error(got)
		}
	}
}

// Statements get values as parameters, however they are written.
func templates(t *testing.T, f *fixture) {
	f.table(t, "reports", "n BIGINT, k BIGINT")
	f.exec(t, "DROP TABLE IF EXISTS words", "CREATE TABLE words (n BIGINT, word VARCHAR(80))")
	f.numbered(t, "reports", 0, 4, 1)
	s := f.source(t, map[string]any{"interval": "20ms", "templateSqlQueryCfg": map[string]any{
		"templateSql": "SELECT seq, n, k FROM reports WHERE seq > '{{.seq}}' ORDER BY n DESC", "indexFields": []any{map[string]any{"indexField": "seq", "indexValue": 1}}}}).(*source).connected(t)
	if got := numbers(t, s, 3); got != "1 to 3, 3" {
		t.Error(got)
	}
	f.numbered(t, "reports", 4, 6, 1)
	if got := numbers(t, s, 2); got != "4 to 5, 2" {
		t.Error(got)
	}
	// What is in the database is no part of a statement.
	f.exec(t, `INSERT INTO words VALUES (1, 'a'), (2, 'b'' OR ''1''=''1')`)
	s = f.source(t, map[string]any{"interval": "20ms", "templateSqlQueryCfg": map[string]any{
		"templateSql": "SELECT * FROM words WHERE {{if .word}}word > '{{.word}}'{{else}}1 = 1{{end}}", "indexFields": []any{map[string]any{"indexField": "word"}}}}).(*source).connected(t)
	if got := read(t, s, 2); len(got) != 2 {
		t.Errorf("%s", got)
	}
	f.exec(t, `INSERT INTO words VALUES (3, 'c')`)
	if got := read(t, s, 1); !slices.Equal(got, []string{`{"n":3,"word":"c"}`}) {
		t.Errorf("%s", got)
	}
}

// A lookup table has all types, and NULL is found by nothing.
func lookupValues(t *testing.T, f *fixture) {
	f.table(t, "parts", f.types)
	f.exec(t, "INSERT INTO parts (i, s, f) VALUES (1, 'a', 1.5), (2, NULL, NULL)")
	l := f.lookup(t, map[string]any{"datasource": "parts"})
	if err := l.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		column string
		v      value.Value
		want   int
	}{
		{"i", value.OfInt(1), 1}, {"i", value.OfFloat(1), 1}, {"i", value.OfString("1"), 1}, {"f", value.OfFloat(1.5), 1}, {"s", value.OfString("a"), 1},
		{"s", value.Value{}, 0}, {"i", value.OfInt(3), 0},
	} {
		rows, err := l.Find(t.Context(), []string{c.column}, []value.Value{c.v})
		if err != nil || len(rows) != c.want {
			t.Errorf("%s = %v: %d rows, %v", c.column, c.v, len(rows), err)
		}
	}
	if _, err := l.Find(t.Context(), []string{"wide"}, []value.Value{value.OfInt(1)}); err == nil || !strings.Contains(err.Error(), "wide") {
		t.Errorf("%v", err)
	}
}

// What a column cannot hold is in no row.
func lookupOfWrongValues(t *testing.T, f *fixture) {
	f.exec(t, "DROP TABLE IF EXISTS zeros", "CREATE TABLE zeros (id BIGINT)", "INSERT INTO zeros VALUES (0)")
	l := f.lookup(t, map[string]any{"datasource": "zeros"})
	if err := l.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, v := range []value.Value{value.OfString("abc"), value.OfString(""), value.OfList(nil)} {
		rows, err := l.Find(context.Background(), []string{"id"}, []value.Value{v})
		if err != nil || len(rows) != 0 {
			t.Errorf("%v: %d rows, %v", v, len(rows), err)
		}
	}
}
