package rule

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/store"
)

// openBroken returns a manager with streams that cannot be opened, though their
// definitions are right.
func openBroken(t *testing.T) (*Manager, *store.Store) {
	t.Helper()
	reg := registryOf("quiet", quiet{})
	connector.AddSource(reg, connector.SourceSpec[quietConfig]{Name: "broken", Summary: "For tests.", Example: "{}",
		New: func(quietConfig, connector.Env) (connector.Source, error) { return nil, errors.New("no such device") }})
	st, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	m, err := Open(st, reg, connector.Env{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return m, st
}

func ruleOf(id, stream string) string {
	return `{"id":"` + id + `","sql":"SELECT a FROM ` + stream + `","actions":[{"quiet":{}}]}`
}

// state is all that can be seen of definitions.
func (m *Manager) state(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range m.catalog.Names() {
		all["stream "+name] = m.catalog.entry(name).sql
	}
	for _, r := range m.all() {
		s := r.look()
		all["rule "+r.id] = string(s.state) + " " + s.text
	}
	return all
}

// What fails in the middle of an Apply is undone: the rules that ran before run
// again, and nothing is stored.
func TestApplyUndoes(t *testing.T) {
	before := Set{
		Streams: map[string]string{"s": `CREATE STREAM s () WITH (TYPE="quiet", DATASOURCE="1")`, "gone": `CREATE STREAM gone () WITH (TYPE="quiet", DATASOURCE="1")`},
		Rules:   map[string]string{"a": ruleOf("a", "s"), "b": ruleOf("b", "s"), "c": ruleOf("c", "gone")},
	}
	after := Set{
		Streams: map[string]string{"s": `CREATE STREAM s () WITH (TYPE="quiet", DATASOURCE="2")`, "t": `CREATE STREAM t () WITH (TYPE="quiet")`},
		Rules:   map[string]string{"a": ruleOf("a", "t"), "b": ruleOf("b", "s"), "d": ruleOf("d", "t")},
		Prune:   true,
	}
	for name, fail := range map[string]func(*store.Store, *Set) string{
		"a source": func(_ *store.Store, set *Set) string {
			set.Streams["t"] = `CREATE STREAM t () WITH (TYPE="broken")`
			return "no such device"
		},
		"the disk": func(st *store.Store, _ *Set) string {
			if err := st.Close(); err != nil {
				t.Fatal(err)
			}
			return "database not open"
		},
	} {
		t.Run(name, func(t *testing.T) {
			m, st := openBroken(t)
			if _, err := m.Apply(before); err != nil {
				t.Fatal(err)
			}
			was := m.state(t)
			if _, err := m.Apply(Set{Streams: after.Streams, Rules: after.Rules, Prune: true, DryRun: true}); err != nil {
				t.Fatal(err)
			}
			set := Set{Streams: map[string]string{"s": after.Streams["s"], "t": after.Streams["t"]}, Rules: after.Rules, Prune: true}
			want := fail(st, &set)
			if _, err := m.Apply(set); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %s", err, want)
			}
			if diff := cmp.Diff(was, m.state(t)); diff != "" {
				t.Error(diff)
			}
			_ = m.Close(context.Background()) // the store may be closed
			if name == "the disk" {
				return
			}
			rules, err := st.Rules()
			if err != nil || len(rules) != 3 || rules[0].Text != before.Rules["a"] {
				t.Error(rules, err)
			}
			if err := st.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A rule can go together with the column that it reads. Where that fails it is
// there again; one that is gone already is no error.
func TestApplyDeletes(t *testing.T) {
	m, st := openBroken(t)
	stream := func(columns string) map[string]string {
		return map[string]string{"s": `CREATE STREAM s (` + columns + `) WITH (TYPE="quiet", DATASOURCE="1")`}
	}
	if _, err := m.Apply(Set{Streams: stream("a BIGINT"), Rules: map[string]string{"x": ruleOf("x", "s")}}); err != nil {
		t.Fatal(err)
	}
	was := m.state(t)
	set := Set{Streams: stream("b BIGINT"), Delete: []string{"gone", "x"}, DryRun: true}
	if _, err := m.Apply(set); err != nil {
		t.Error(err)
	}
	failing := Set{Streams: stream("b BIGINT"), Delete: set.Delete, Rules: map[string]string{"y": strings.Replace(ruleOf("y", "t"), "SELECT a", "SELECT c", 1)}}
	failing.Streams["t"] = `CREATE STREAM t () WITH (TYPE="broken")`
	if _, err := m.Apply(failing); err == nil || !strings.Contains(err.Error(), "no such device") {
		t.Error(err)
	}
	if diff := cmp.Diff(was, m.state(t)); diff != "" {
		t.Error(diff)
	}
	set.DryRun = false
	if _, err := m.Apply(set); err != nil {
		t.Error(err)
	}
	rules, err := st.Rules()
	if s := m.state(t); len(s) != 1 || len(rules) != 0 || err != nil {
		t.Error(s, rules, err)
	}
	if err := errors.Join(m.Close(context.Background()), st.Close()); err != nil {
		t.Error(err)
	}
}

// What is temporary is never stored, and prune leaves it alone.
func TestTemporary(t *testing.T) {
	m, st := openBroken(t)
	set := Set{
		Streams: map[string]string{"s": `CREATE STREAM s () WITH (TYPE="quiet", TEMP="true")`},
		Rules:   map[string]string{"a": strings.Replace(ruleOf("a", "s"), `"sql"`, `"temp":true,"sql"`, 1)},
	}
	if _, err := m.Apply(set); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Apply(Set{Prune: true}); err != nil {
		t.Fatal(err)
	}
	if s := m.state(t); len(s) != 2 || !strings.HasPrefix(s["rule a"], "running") {
		t.Error(s)
	}
	if err := m.StopRule("a"); err != nil {
		t.Error(err)
	}
	if _, _, err := m.Create(ruleOf("b", "s")); err == nil || !strings.Contains(err.Error(), `stream s is TEMP, so only rules with "temp": true can read it`) {
		t.Error(err)
	}
	rules, err := st.Rules()
	streams, e := st.Streams()
	if len(rules)+len(streams) > 0 {
		t.Error(rules, streams)
	}
	if err := errors.Join(err, e, m.Close(context.Background()), st.Close()); err != nil {
		t.Error(err)
	}
}

// Misspelt in thousands of rules, a stream is complained about some times.
func TestFindingsAreBounded(t *testing.T) {
	m, st := openBroken(t)
	set := manyOf(true)
	delete(set.Streams, "demo")
	_, err := m.Apply(set)
	var rejected *Rejected
	if !errors.As(err, &rejected) || len(rejected.Findings) != maxFindings {
		t.Errorf("%d findings", len(rejected.Findings))
	}
	if err := errors.Join(m.Close(context.Background()), st.Close()); err != nil {
		t.Error(err)
	}
}
