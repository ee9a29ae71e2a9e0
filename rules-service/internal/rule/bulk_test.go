package rule

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/store"
)

// Rules that were stopped or started together are so after a restart, too, and
// one that is not there says so alone.
func TestManyRulesAtOnce(t *testing.T) {
	reg, dir := registryOf("quiet", quiet{}), t.TempDir()
	open := func() (*Manager, *store.Store) {
		st, err := store.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Open(st, reg, connector.Env{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		m.Start()
		return m, st
	}
	m, st := open()
	if _, err := m.Execute(`CREATE STREAM s () WITH (TYPE="quiet", DATASOURCE="s")`); err != nil {
		t.Fatal(err)
	}
	ids := []string{"r0", "r1", "r2"}
	for _, id := range ids {
		if _, _, err := m.Create(ruleOf(id, "s")); err != nil {
			t.Fatal(err)
		}
	}
	states := func() (list []State) {
		for _, id := range ids {
			r, err := m.find(id)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, r.look().state)
		}
		return list
	}
	want := func(want ...State) {
		t.Helper()
		if got := states(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
	var missing *NotFound
	if errs := m.StopRules([]string{"r0", "nix", "r2"}); errs[0] != nil || !errors.As(errs[1], &missing) || errs[2] != nil {
		t.Errorf("%v", errs)
	}
	want(Stopped, Running, Stopped)
	ends(t, m, st)
	m, st = open()
	want(Stopped, Running, Stopped)
	if err := errors.Join(m.StartRules(ids)...); err != nil {
		t.Error(err)
	}
	want(Running, Running, Running)
	ends(t, m, st)
	if errs := m.StopRules(ids); !errors.Is(errs[0], ErrClosed) {
		t.Errorf("%v", errs)
	}
	m, st = open()
	want(Running, Running, Running)
	ends(t, m, st)
}

// BenchmarkStopMany stops and starts thousands of rules at once.
func BenchmarkStopMany(b *testing.B) {
	m, st := openWith(b, "quiet", quiet{})
	set := manyOf(true)
	if _, err := m.Apply(set); err != nil {
		b.Fatal(err)
	}
	var ids []string
	for id := range set.Rules {
		ids = append(ids, id)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := errors.Join(append(m.StopRules(ids), m.StartRules(ids)...)...); err != nil {
			b.Fatal(err)
		}
	}
	if err := errors.Join(m.Close(b.Context()), st.Close()); err != nil {
		b.Fatal(err)
	}
}
