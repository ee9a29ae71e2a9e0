package sqlengine_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sluice/sqlengine"
	"sluice/sqlengine/diag"
	"sluice/sqlengine/value"
)

// Two streams join by the times that their rows carry.
func Example_eventTime() {
	catalog := sqlengine.Streams{}
	if err := catalog.Define(`
		CREATE STREAM orders (id BIGINT, amount FLOAT, at BIGINT) WITH (TIMESTAMP="at");
		CREATE STREAM parts (id BIGINT, name STRING, at BIGINT) WITH (TIMESTAMP="at")`); err != nil {
		fmt.Println(err)
		return
	}
	query, err := sqlengine.Compile(`SELECT orders.id AS id, amount, name FROM orders INNER JOIN parts ON orders.id = parts.id GROUP BY TUMBLINGWINDOW(ss, 10)`,
		catalog, sqlengine.Options{EventTime: true, LateTolerance: sqlengine.DefaultLateTolerance})
	if err != nil {
		fmt.Println(err)
		return
	}
	run, err := query.Open(sqlengine.Env{Location: time.UTC}, sqlengine.OutputFunc(func(b *value.Batch) error {
		for _, row := range b.Rows {
			fmt.Println(value.OfObject(query.Output().Object(row)))
		}
		return nil
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	push := func(stream string, message map[string]any) {
		slots := value.Schema{Columns: query.Columns(stream)}
		object, _ := value.Of(message)
		run.Push(stream, &value.Batch{Rows: []value.Row{slots.Row(time.Now().UnixNano(), object.Object(), nil)}})
	}
	push("orders", map[string]any{"id": 7, "amount": 2, "at": 1000})
	push("parts", map[string]any{"id": 8, "name": "nut", "at": 4000})
	push("parts", map[string]any{"id": 7, "name": "bolt", "at": 3500}) // late, but within the tolerance
	push("orders", map[string]any{"id": 1, "amount": 1, "at": 11000})
	push("parts", map[string]any{"id": 1, "name": "washer", "at": 11000})
	// Output:
	// {"amount":2,"id":7,"name":"bolt"}
}

// A thousand rules have a parameter each that changes while they run, and go on
// from a file.
func Example_checkpoint() {
	catalog := sqlengine.Streams{}
	if err := catalog.Define(`CREATE STREAM plant (machine BIGINT, temperature FLOAT) WITH (DATASOURCE="plant")`); err != nil {
		fmt.Println(err)
		return
	}
	slots := &value.Schema{Columns: []value.Column{{Name: "machine"}, {Name: "temperature"}}} // of all rules
	start := func() (*sqlengine.Ruleset, []*sqlengine.Run) {
		var runs []*sqlengine.Run
		for i := range 1000 {
			query, err := sqlengine.Compile(fmt.Sprintf(`SELECT count(*) AS hot%d FROM plant WHERE machine = %d AND temperature > $limit GROUP BY TUMBLINGWINDOW(ss, 10)`, i, i),
				catalog, sqlengine.Options{Params: map[string]value.Value{"limit": value.OfFloat(80)}})
			if err != nil {
				fmt.Println(err)
				return nil, nil
			}
			env := sqlengine.Env{Start: time.Unix(0, 0), Location: time.UTC, Schemas: map[string]*value.Schema{"plant": slots}}
			run, _ := query.Open(env, sqlengine.OutputFunc(func(b *value.Batch) error {
				if !b.Rows[0].Cols[0].IsMissing() && b.Rows[0].Cols[0].Int() > 0 {
					fmt.Println(value.OfObject(query.Output().Object(b.Rows[0])))
				}
				return nil
			}))
			runs = append(runs, run)
		}
		return sqlengine.NewRuleset(func(id string, err error) { fmt.Println(id, "ends:", err) }), runs
	}
	push := func(set *sqlengine.Ruleset, at time.Duration, machine int64, temperature float64) {
		for next, waits := set.Next(); waits && next <= int64(at); next, waits = set.Next() {
			set.Advance(next)
		}
		set.Push("plant", &value.Batch{Schema: slots, Rows: []value.Row{{Time: int64(at), Cols: []value.Value{value.OfInt(machine), value.OfFloat(temperature)}}}})
	}

	set, runs := start()
	for i, run := range runs {
		set.Add(fmt.Sprint("rule ", i), run)
	}
	push(set, 1*time.Second, 7, 85)
	runs[7].SetParam("limit", value.OfFloat(90))
	push(set, 2*time.Second, 7, 85)
	var state value.Encoder
	for _, run := range runs {
		state.String(string(run.Snapshot()))
	}
	file := filepath.Join(os.TempDir(), "sluice-example.state")
	defer os.Remove(file)
	if err := os.WriteFile(file, state.Bytes(), 0o600); err != nil {
		fmt.Println(err)
		return
	}

	set, runs = start()
	kept, _ := os.ReadFile(file)
	states := value.NewDecoder(kept)
	for i, run := range runs {
		if err := run.Restore([]byte(states.String())); err != nil {
			fmt.Println(err)
			return
		}
		set.Add(fmt.Sprint("rule ", i), run) // behind Restore
	}
	runs[7].SetParam("limit", value.OfFloat(90)) // is no state: the host keeps it
	push(set, 3*time.Second, 7, 95)
	push(set, 12*time.Second, 8, 70)
	// Output:
	// {"hot7":2}
}

// TestStreams: definitions are added by their names, and told where they are
// wrong.
func TestStreams(t *testing.T) {
	catalog := sqlengine.Streams{}
	if err := catalog.Define("CREATE STREAM b () WITH (); CREATE TABLE a (x BIGINT) WITH ();"); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(catalog.Names(), " "); got != "a b" || !catalog["a"].Table {
		t.Error(got)
	}
	err := catalog.Define("CREATE STREAM c () WITH (); CREATE STREAM d (x BIGNT) WITH ()")
	var list diag.List
	if !errors.As(err, &list) || !strings.Contains(err.Error(), "the statement at byte 28:") || catalog["c"] == nil {
		t.Error(err)
	}
	if err := catalog.Define("DROP STREAM b"); err == nil || !strings.Contains(err.Error(), "DROP defines nothing") {
		t.Error(err)
	}
}

// TestEmbeddingPage: the Go code of the page is that of the examples.
func TestEmbeddingPage(t *testing.T) {
	page, err := os.ReadFile("docs/embedding.md")
	if err != nil {
		t.Fatal(err)
	}
	code := ""
	for _, name := range []string{"example_test.go", "embedding_test.go", "ruleset_example_test.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		code += plain(string(text))
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 3 {
		t.Fatalf("%d blocks", len(blocks))
	}
	for _, b := range blocks {
		if !strings.Contains(code, plain(b[1])) {
			t.Errorf("this is in no example:\n%s", b[1])
		}
	}
}

// plain is code with one blank for each run of them.
func plain(code string) string { return strings.Join(strings.Fields(code), " ") }
