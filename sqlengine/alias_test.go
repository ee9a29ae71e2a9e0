package sqlengine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// TestAliasesStandForTheirDefinition: a query with aliases, in whatever clause
// they are read, gives what the query gives into which they were written out.
func TestAliasesStandForTheirDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := &aliasGen{t: t}
		for range rapid.IntRange(1, 4).Draw(t, "aliases") {
			short, long := g.expr(2)
			g.short, g.long = append(g.short, short), append(g.long, long)
		}
		where, whereLong := g.condition()
		short, long := g.items(g.short)+" FROM demo WHERE "+where, g.items(g.long)+" FROM demo WHERE "+whereLong
		if rapid.Bool().Draw(t, "window") {
			key, keyLong := g.expr(1)
			aggregates := rapid.Bool().Draw(t, "groups")
			if aggregates {
				arg, argLong := g.expr(1)
				short = "sum(" + arg + ") AS s, s + 1 AS s1, " + short + " GROUP BY " + key + ", TUMBLINGWINDOW(ss, 1) HAVING s1 > 1 ORDER BY s, x0"
				long = "sum(" + argLong + ") AS s, sum(" + argLong + ") + 1 AS s1, " + long + " GROUP BY " + keyLong + ", TUMBLINGWINDOW(ss, 1) HAVING sum(" + argLong +
					") + 1 > 1 ORDER BY sum(" + argLong + "), " + g.long[0]
			} else {
				short += " GROUP BY TUMBLINGWINDOW(ss, 1) ORDER BY " + key
				long += " GROUP BY TUMBLINGWINDOW(ss, 1) ORDER BY " + keyLong
			}
		}
		if got, want := results(t, "SELECT "+short), results(t, "SELECT "+long); got != want {
			t.Fatalf("%s\n%s\n%s\n%s", short, got, long, want)
		}
	})
}

// aliasGen draws expressions as they read with aliases x0, x1 … and without.
type aliasGen struct {
	t           *rapid.T
	short, long []string
}

func (g *aliasGen) expr(depth int) (short, long string) {
	switch n := rapid.IntRange(0, 2+len(g.short)).Draw(g.t, "operand"); {
	case n < 2 || depth == 0:
		name := []string{"a", "b"}[n%2]
		return name, name
	case n == 2:
		l, ll := g.expr(depth - 1)
		r, rl := g.expr(depth - 1)
		op := rapid.SampledFrom([]string{"+", "-", "*"}).Draw(g.t, "op")
		return "(" + l + op + r + ")", "(" + ll + op + rl + ")"
	default:
		return fmt.Sprintf("x%d", n-3), g.long[n-3]
	}
}

func (g *aliasGen) condition() (short, long string) {
	l, ll := g.expr(1)
	r, rl := g.expr(1)
	return l + " <= " + r + " OR TRUE = (" + l + " > 2)", ll + " <= " + rl + " OR TRUE = (" + ll + " > 2)"
}

func (g *aliasGen) items(definitions []string) string {
	items := make([]string, len(definitions))
	for i, d := range definitions {
		items[i] = fmt.Sprintf("%s AS x%d", d, i)
	}
	return strings.Join(items, ", ")
}

// results are the rows that a query makes of some fixed ones.
func results(t *rapid.T, sql string) string {
	q, err := sqlengine.Compile(sql, demo, sqlengine.Options{})
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var out strings.Builder
	run, err := q.Open(sqlengine.Env{Start: time.Unix(0, 0), Location: time.UTC,
		OnRowError: func(e *sqlengine.RowError) { t.Fatalf("%s: %v", sql, e) },
	}, &sink{func(b *value.Batch) error {
		for _, r := range b.Rows {
			line, err := value.OfList(r.Cols).AppendJSON(nil)
			if err != nil {
				t.Fatal(err)
			}
			out.Write(append(line, '\n'))
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		row := value.Row{Time: int64(i) * 2e8}
		for _, c := range q.Columns("demo") {
			v := map[string]value.Value{"a": value.OfInt(int64(i * 7 % 5)), "b": value.OfInt(int64(i % 3))}[c.Name]
			if c.Name == "b" && i%4 == 3 {
				v = value.Missing
			}
			row.Cols = append(row.Cols, v)
		}
		if err := run.Push("demo", &value.Batch{Rows: []value.Row{row}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := run.Advance(5e9); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
