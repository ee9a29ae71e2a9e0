package rule

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connector/memory"
	"sluice/rules-service/internal/delivery"
	"sluice/rules-service/internal/hub"
	"sluice/rules-service/internal/store"
)

// The end of the service loses no row that is under way between rules.
func TestEndDrainsChainsOfRules(t *testing.T) {
	b, dir := &broker{wake: make(chan struct{}, 1)}, t.TempDir()
	st, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	reg := b.registry()
	memory.Register(reg)
	m, err := Open(st, reg, connector.Env{Log: slog.New(slog.DiscardHandler)},
		WithDisk(delivery.Storage{Dir: filepath.Join(dir, "queues")}), WithIntake(hub.IntakeOptions{Dir: filepath.Join(dir, "intake")}))
	if err != nil {
		t.Fatal(err)
	}
	statements := []string{brokerStream}
	for i := range 3 {
		statements = append(statements, fmt.Sprintf(`CREATE STREAM m%d (n BIGINT) WITH (TYPE="memory", DATASOURCE="t/%d")`, i, i))
	}
	for _, sql := range statements {
		if _, err := m.Execute(sql); err != nil {
			t.Fatal(err)
		}
	}
	m.Start()
	from := "s"
	for i := range 3 { // the sinks linger: a half batch must not be left either
		text := fmt.Sprintf(`{"id":"r%d","sql":"SELECT n FROM %s","options":{"qos":1},
			"actions":[{"memory":{"topic":"t/%d","sendSingle":true,"batchSize":7,"lingerInterval":3600000}}]}`, i, from, i)
		if _, _, err := m.Create(text); err != nil {
			t.Fatal(err)
		}
		from = fmt.Sprintf("m%d", i)
	}
	create(t, m, "last", "SELECT n FROM m2", `{}`)
	const n = 3000
	var want []string
	for i := range n {
		b.send(i)
		want = append(want, fmt.Sprintf(`{"n":%d}`, i))
	}
	for deadline := time.Now().Add(time.Minute); m.Intake().Records < n; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(m.Intake())
		}
	}
	ends(t, m, st)
	if got := b.results("last"); !slices.Equal(got, want) {
		t.Errorf("%d of %d rows, in their order: %v", len(got), n, slices.Equal(got, want[:min(len(got), n)]))
	}
}

// Time that passes while the last checkpoint is made is that of the next start:
// a window ends once.
func TestWindowEndsOnceThoughTheServiceDoes(t *testing.T) {
	withBroker(t, func(t *testing.T, b *broker, m *Manager, st *store.Store, dir string) {
		const sql = "SELECT count(*) AS c FROM s GROUP BY TUMBLINGWINDOW(ss, 10) HAVING count(*) > 0"
		b.slow = 400 * time.Millisecond
		create(t, m, "windows", sql, `{"qos":1,"checkpointInterval":"1h"}`)
		create(t, m, "alarms", "SELECT n FROM s", `{"qos":1,"checkpointInterval":"1h"}`)
		time.Sleep(time.Until(time.Now().Truncate(10 * time.Second).Add(19900 * time.Millisecond)))
		b.send(1)
		synctest.Wait() // the sink is at it until the window would have ended
		ends(t, m, st)
		m, st = openOn(t, dir, b)
		m.Start()
		time.Sleep(time.Minute)
		if got := b.results("windows"); !slices.Equal(got, []string{`{"c":1}`}) {
			t.Errorf("the window: %v", got)
		}
		if got := b.results("alarms"); !slices.Equal(got, []string{`{"n":1}`}) {
			t.Errorf("the alarms: %v", got)
		}
		ends(t, m, st)
	})
}
