package rule

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/rules-service/internal/store"
)

// racer makes one change after another, at random, of a few rules and streams
// that others change, too.
type racer struct {
	m    *Manager
	dice *rand.Rand
}

func (r *racer) stream() string { return fmt.Sprint("s", r.dice.IntN(3)) }

func (r *racer) sql(stream string) string {
	return fmt.Sprintf(`CREATE STREAM %s () WITH (TYPE="quiet", FORMAT="json", DATASOURCE="%d")`, stream, r.dice.IntN(3))
}

func (r *racer) rule(id string) string {
	options := []string{`{}`, `{"qos":1}`, `{"cron":"* * * * *","duration":"30s"}`, `{"duration":"10ms"}`, `{"restartStrategy":{"delay":1}}`}
	return fmt.Sprintf(`{"id":%q,"triggered":%v,"temp":%v,"sql":"SELECT a%d FROM %s","actions":[{"quiet":{}}],"options":%s}`,
		id, r.dice.IntN(4) > 0, r.dice.IntN(4) == 0, r.dice.IntN(3), r.stream(), options[r.dice.IntN(len(options))])
}

// change makes one change. It may be refused: others may have been faster.
func (r *racer) change() {
	m, id := r.m, fmt.Sprint("r", r.dice.IntN(6))
	switch r.dice.IntN(12) {
	case 0:
		_, _, _ = m.Create(r.rule(id))
	case 1:
		_, _ = m.Update(id, r.rule(id))
	case 2:
		_ = m.Delete(id)
	case 3:
		_ = m.StartRule(id)
	case 4:
		_ = m.StopRule(id)
	case 5:
		_ = m.RestartRule(id)
	case 6:
		m.onFail(id, errBoom)
	case 7:
		name := r.stream()
		_, _ = m.ReplaceStream(name, r.sql(name))
	case 8:
		_, _ = m.DropStream(r.stream(), r.dice.IntN(2) == 0)
	case 9:
		name := r.stream()
		set := Set{Streams: map[string]string{name: r.sql(name)}, Rules: map[string]string{id: r.rule(id)}, Prune: r.dice.IntN(8) == 0}
		_, _ = m.Apply(set)
	case 10:
		m.SetZone([]*time.Location{time.UTC, time.Local}[r.dice.IntN(2)])
	case 11:
		_ = m.SetTags(id, []string{fmt.Sprint(r.dice.IntN(3))})
		for f := range m.Figures() {
			_ = f.State
		}
	}
}

// lasting is all that is to be stored.
func lasting(m *Manager) []string {
	list := []string{}
	for _, r := range m.all() {
		if s := r.look(); !s.def.Temp {
			list = append(list, fmt.Sprint("rule ", r.id, s.text, s.triggered))
		}
	}
	for _, name := range m.catalog.Names() {
		list = append(list, "stream "+m.catalog.entry(name).sql)
	}
	return list
}

// stored is all that is, in the same order.
func stored(t *testing.T, st *store.Store) []string {
	t.Helper()
	rules, err := st.Rules()
	streams, e := st.Streams()
	if err := errors.Join(err, e); err != nil {
		t.Fatal(err)
	}
	list := []string{}
	for _, r := range rules {
		list = append(list, fmt.Sprint("rule ", r.ID, r.Text, r.Triggered))
	}
	for _, s := range streams {
		list = append(list, "stream "+s.SQL)
	}
	return list
}

// All kinds of changes at once: afterwards what is stored is what is there, and
// nothing is left of what went.
func TestChangesAtOnce(t *testing.T) {
	before := runtime.NumGoroutine()
	m, st := openWith(t, "quiet", quiet{})
	m.Start()
	var work sync.WaitGroup
	for seed := range uint64(6) {
		r := racer{m, rand.New(rand.NewPCG(seed, 0))}
		work.Go(func() {
			for range 150 {
				r.change()
			}
		})
	}
	work.Wait()
	m.change.Lock() // restarts and schedules go on
	for _, r := range m.all() {
		if s := r.look(); s.running() && (s.state != Running || !s.triggered) {
			t.Errorf("rule %s runs and is shown as %q, wanted %v", r.id, s.state, s.triggered)
		}
	}
	if diff := cmp.Diff(lasting(m), stored(t, st)); diff != "" {
		t.Error(diff)
	}
	m.change.Unlock()
	if err := errors.Join(m.Close(context.Background()), st.Close()); err != nil {
		t.Error(err)
	}
	goroutinesEnd(t, before)
}
