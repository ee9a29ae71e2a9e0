package memory

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

func TestRowKinds(t *testing.T) {
	s := newSpace()
	l := s.lookup(t, map[string]any{"datasource": "machines/#", "key": "id"})
	if err := l.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	kinds := s.sink(t, map[string]any{"topic": "machines/kinds", "rowkindField": "kind", "keyField": "id"})
	plain := s.sink(t, map[string]any{"topic": "machines/plain"})
	send := func(sink connector.Sink, rows ...map[string]any) error {
		return sink.Write(t.Context(), []connector.Outbound{{Payload: payload(t, rows...)}})
	}
	names := func(columns string, v any) string {
		arg, err := value.Of(v)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := l.Find(t.Context(), []string{columns}, []value.Value{arg})
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, r := range rows {
			list = append(list, r.Get("name").Str())
		}
		return strings.Join(list, " ")
	}
	steps := []struct {
		sink connector.Sink
		row  map[string]any
		want string // the names of line 1, in the order in which their keys came
	}{
		{kinds, map[string]any{"kind": "insert", "id": int64(1), "name": "a", "line": int64(1)}, "a"},
		{kinds, map[string]any{"kind": "upsert", "id": int64(2), "name": "b", "line": int64(1)}, "a b"},
		{plain, map[string]any{"id": 3.0, "name": "c", "line": int64(1)}, "a b c"},
		{kinds, map[string]any{"kind": "update", "id": int64(1), "name": "A", "line": 1.0}, "A b c"},
		{kinds, map[string]any{"id": int64(2), "name": "B", "line": int64(1)}, "A B c"},
		{kinds, map[string]any{"kind": "update", "id": int64(4), "name": "d", "line": int64(2)}, "A B c"},
		{kinds, map[string]any{"kind": "update", "id": int64(4), "name": "D", "line": int64(1)}, "A B c D"},
		{kinds, map[string]any{"kind": "delete", "id": int64(3)}, "A B D"},
		{kinds, map[string]any{"kind": "delete", "id": int64(99)}, "A B D"},
		{plain, map[string]any{"name": "without key", "line": int64(1)}, "A B D"},
		{kinds, map[string]any{"kind": "update", "id": int64(1), "name": "gone", "line": int64(7)}, "B D"},
	}
	for i, c := range steps {
		if err := send(c.sink, c.row); err != nil {
			t.Fatal(err)
		}
		if got := names("line", int64(1)); got != c.want {
			t.Errorf("step %d: line 1 has %q, want %q", i, got, c.want)
		}
	}
	if got := names("id", 2.0); got != "B" {
		t.Errorf("id 2 is %q", got)
	}

	var partial *connector.Partial
	var permanent *connector.Permanent
	for want, row := range map[string]map[string]any{
		`column "kind" is "replace"; it must be`: {"kind": "replace", "id": int64(1)},
		`column "kind" is "a BIGINT"`:            {"kind": int64(1), "id": int64(1)},
		`column "id", the key, is missing`:       {"kind": "insert", "name": "x"},
	} {
		err := send(kinds, row)
		if !errors.As(err, &partial) || !errors.As(err, &permanent) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", row, err)
		}
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := send(plain, map[string]any{"id": int64(2), "name": "late"}); err != nil {
		t.Fatal(err)
	}
	if got := names("id", 2.0); got != "B" {
		t.Errorf("a closed table still takes rows: %q", got)
	}
}

// Whatever is put in and taken out, an index tells what a look at all rows
// would.
func TestTableAgainstModel(t *testing.T) {
	table := newTable("id")
	model := map[int64]*value.Fields{}
	state := uint64(1)
	random := func(n int64) int64 {
		state = state*6364136223846793005 + 1442695040888963407
		return int64(state>>33) % n
	}
	for step := range 5000 {
		id := random(50)
		if random(3) == 0 {
			table.remove(value.OfInt(id))
			delete(model, id)
		} else {
			fields := value.FieldsOf([]string{"id", "line", "site"}, []value.Value{value.OfInt(id), value.OfInt(random(4)), value.OfInt(random(3))})
			table.put(fields)
			model[id] = fields
		}
		line, site := random(4), random(3)
		found := table.find([]string{"line", "site"}, []value.Value{value.OfInt(line), value.OfInt(site)})
		want := 0
		for _, r := range model {
			if r.Get("line").Int() == line && r.Get("site").Int() == site {
				want++
				if !slices.Contains(found, r) {
					t.Fatalf("step %d: a row is missing", step)
				}
			}
		}
		if len(found) != want {
			t.Fatalf("step %d: %d rows, want %d", step, len(found), want)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	table := newTable("id")
	for i := range 10_000 {
		table.put(value.FieldsOf([]string{"id", "name"}, []value.Value{value.OfInt(int64(i)), value.OfString("x")}))
	}
	columns, values := []string{"id"}, []value.Value{value.OfInt(77)}
	b.ReportAllocs()
	for range b.N {
		if len(table.find(columns, values)) != 1 {
			b.Fatal("not found")
		}
	}
}
