package rule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/bbolt"

	"sluice/rules-service/internal/store"
	"sluice/sqlengine/value"
)

const boundOptions = `{"params":{"limit":{"value":10,"from":"SELECT n FROM s WHERE n >= 1000"}}}`

func (m *Manager) valueOf(t *testing.T, id, name string) string {
	t.Helper()
	params, err := m.Params(id)
	if err != nil {
		t.Fatal(err)
	}
	return string(params[name].Value)
}

// A second after a value has come a process that is killed comes back with it,
// and its first rows see it. Values that come fast share their writes.
func TestParametersOutliveAKill(t *testing.T) {
	for _, qos := range []string{"", `,"qos":1`} {
		t.Run("qos"+qos, func(t *testing.T) {
			withBroker(t, func(t *testing.T, b *broker, m *Manager, st *store.Store, dir string) {
				create(t, m, "r", "SELECT n FROM s WHERE n < 1000 AND n + 1000 > $limit", strings.TrimSuffix(boundOptions, "}")+qos+"}")
				before := writes(t, dir)
				for n := range 500 {
					b.send(1000 + n)
					time.Sleep(5 * time.Millisecond)
				}
				synctest.Wait()
				if got := m.valueOf(t, "r", "limit"); got != "1499" {
					t.Errorf("the limit is %s", got)
				}
				time.Sleep(time.Second)
				if n := writes(t, dir) - before; n < 2 || n > 20 {
					t.Errorf("%d writes", n)
				}
				killed := crash(t, dir)
				ends(t, m, st)
				b.send(499, 500)
				m, st = openOn(t, killed, b)
				m.Start()
				time.Sleep(time.Second)
				if got, limit := b.results("r"), m.valueOf(t, "r", "limit"); !slices.Equal(got, []string{`{"n":500}`}) || limit != "1499" {
					t.Errorf("got %v, the limit is %s", got, limit)
				}
				ends(t, m, st)
			})
		})
	}
}

// writes is how often the store in a folder has been written to.
func writes(t *testing.T, dir string) (n int) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(crash(t, dir), store.File), 0o600, &bbolt.Options{ReadOnly: true})
	if err == nil {
		err = errors.Join(db.View(func(tx *bbolt.Tx) error { n = tx.ID(); return nil }), db.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// What cannot be written is written later, and logged once.
func TestParametersWaitForTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, err := store.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		s := newParams(st, slog.New(slog.NewTextHandler(&log, nil)))
		def, _, err := ParseDefinition(`{"id":"r","sql":"SELECT 1","actions":[{"nop":{}}],"options":` + boundOptions + `}`)
		if err != nil {
			t.Fatal(err)
		}
		r := s.enter(def)
		for i := range 5 {
			r.feed("limit", value.OfInt(int64(i)))
			time.Sleep(time.Minute)
		}
		if n := strings.Count(log.String(), "cannot be kept"); n != 1 {
			t.Errorf("%d lines: %s", n, log.String())
		}
		if err := s.close(); err == nil {
			t.Error("the last write has not failed")
		}
	})
}

// Values of all types come back as they were.
func TestStoredParameters(t *testing.T) {
	dir := t.TempDir()
	values := map[string]value.Value{"i": value.OfInt(1 << 60), "f": value.OfFloat(85), "tiny": value.OfFloat(1e-300), "s": value.OfString("a\"\u2028é"), "b": value.OfBool(true)}
	def, _, err := ParseDefinition(`{"id":"r","sql":"SELECT 1","actions":[{"nop":{}}],"options":{"params":{"i":1,"f":1.5,"tiny":2.5,"s":"x","b":false,"unset":1}}}`)
	if err != nil {
		t.Fatal(err)
	}
	open := func() (*store.Store, *params) {
		st, err := store.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		s := newParams(st, slog.New(slog.DiscardHandler))
		if err := s.load(); err != nil {
			t.Fatal(err)
		}
		return st, s
	}
	st, s := open()
	if s.enter(def) != nil {
		t.Error("a rule without bound parameters costs something")
	}
	if err := s.entered(def).setAll(values); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.close(), st.Close()); err != nil {
		t.Fatal(err)
	}
	st, s = open()
	got := s.enter(def).present()
	for name, v := range values {
		if !same(got[name], v) {
			t.Errorf("%s is %s %v, not %s %v", name, got[name].Kind(), got[name], v.Kind(), v)
		}
	}
	if len(got) != len(values) {
		t.Errorf("%v", got)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
}

// Values that come, by hand and from a stream, while the rule is stopped,
// replaced and deleted.
func TestParametersWhileRulesChange(t *testing.T) {
	m, _ := openWith(t, "quiet", quiet{})
	if _, err := m.Execute(`CREATE STREAM s () WITH (TYPE="quiet")`); err != nil {
		t.Fatal(err)
	}
	text := func(first int) string {
		return fmt.Sprintf(`{"id":"r","sql":"SELECT n FROM s WHERE n > $limit","actions":[{"quiet":{}}],"options":{"params":{"limit":{"value":%d,"from":"SELECT n FROM s"}}}}`, first)
	}
	done := make(chan struct{})
	hands := make(chan int)
	go func() {
		defer close(hands)
		n := 0
		for {
			select {
			case <-done:
				hands <- n
				return
			default:
			}
			if _, err := m.SetParams("r", fmt.Sprintf(`{"limit":%d}`, n)); err == nil {
				n++
			} else if !strings.Contains(err.Error(), "is not found") {
				t.Error(err)
			}
			if s := m.params.find("r"); s != nil {
				s.feed("limit", value.OfInt(int64(n)))
			}
		}
	}()
	for i := range 30 {
		if _, err := m.Update("r", text(i)); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(m.StopRule("r"), m.StartRule("r"), m.RestartRule("r")); err != nil {
			t.Fatal(err)
		}
		if i%5 == 4 {
			if err := m.Delete("r"); err != nil {
				t.Fatal(err)
			}
		}
	}
	close(done)
	<-hands
	if err := m.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if documents, err := m.store.Documents(paramDocuments); err != nil || len(documents) > 0 {
		t.Errorf("%d documents of rules that are deleted, %v", len(documents), err)
	}
}

// BenchmarkBoundRules starts and ends a thousand rules that are bound to one
// stream; heap is what each holds.
func BenchmarkBoundRules(b *testing.B) {
	for _, bound := range []bool{false, true} {
		b.Run(fmt.Sprintf("bound=%v", bound), func(b *testing.B) {
			limit := "80"
			if bound {
				limit = `{"value":80,"from":"SELECT threshold FROM s WHERE meta(deviceName) = 'd%[1]d'"}`
			}
			set := Set{Streams: map[string]string{"s": `CREATE STREAM s () WITH (TYPE="quiet")`}, Rules: map[string]string{}}
			for i := range 1000 {
				set.Rules[fmt.Sprint("r", i)] = fmt.Sprintf(`{"id":"r%[1]d","sql":"SELECT t FROM s WHERE meta(deviceName) = 'd%[1]d' AND t > $limit","actions":[{"quiet":{}}],"options":{"params":{"limit":`+limit+`}}}`, i)
			}
			b.ReportAllocs()
			for b.Loop() {
				m, _ := openWith(b, "quiet", quiet{})
				if _, err := m.Apply(set); err != nil {
					b.Fatal(err)
				}
				if err := m.Close(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
