package rule

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/store"
)

// flaky is a service whose sources cannot be made while they are away.
type flaky struct {
	m    *Manager
	st   *store.Store
	away atomic.Bool
	log  bytes.Buffer
}

// withFlaky runs f in a bubble of time with streams s and t.
func withFlaky(t *testing.T, f func(*flaky)) {
	synctest.Test(t, func(t *testing.T) {
		k := &flaky{}
		reg := connector.NewRegistry()
		connector.AddSource(reg, connector.SourceSpec[quietConfig]{Name: "quiet", Summary: "For tests.", Example: "{}",
			New: func(c quietConfig, _ connector.Env) (connector.Source, error) {
				if k.away.Load() || c.Datasource == "broken" {
					return nil, errors.New("no such device")
				}
				return quiet{}, nil
			}})
		connector.AddSink(reg, connector.SinkSpec[quietConfig]{Name: "quiet", Summary: "For tests.", Example: "{}",
			New: func(quietConfig, connector.Env) (connector.Sink, error) { return quiet{}, nil }})
		var err error
		if k.st, err = store.Open(t.TempDir()); err != nil {
			t.Fatal(err)
		}
		if k.m, err = Open(k.st, reg, connector.Env{Log: slog.New(slog.NewTextHandler(&k.log, nil))}); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = errors.Join(k.m.Close(context.Background()), k.st.Close()) }() // the store may be closed
		for _, sql := range []string{`CREATE STREAM s () WITH (TYPE="quiet", DATASOURCE="s")`, `CREATE STREAM t () WITH (TYPE="quiet", DATASOURCE="broken")`} {
			if _, err := k.m.Execute(sql); err != nil {
				t.Fatal(err)
			}
		}
		f(k)
	})
}

func (k *flaky) create(t *testing.T, text string) {
	t.Helper()
	if _, _, err := k.m.Create(text); err != nil {
		t.Fatal(err)
	}
}

func (k *flaky) breakDisk(t *testing.T) {
	t.Helper()
	if err := k.st.Close(); err != nil {
		t.Fatal(err)
	}
}

func refused(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %s", err, want)
	}
}

const stoppedRule = `{"id":"r","triggered":false,"sql":"SELECT a FROM s","actions":[{"quiet":{}}]}`

// A change that fails leaves a rule that does not run as it was.
func TestFailedChangeLeavesAStoppedRule(t *testing.T) {
	for name, change := range map[string]func(*Manager) error{
		"update": func(m *Manager) error { _, err := m.Update("r", ruleOf("r", "t")); return err },
		"apply": func(m *Manager) error {
			_, err := m.Apply(Set{Rules: map[string]string{"r": ruleOf("r", "t")}})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			withFlaky(t, func(k *flaky) {
				k.create(t, stoppedRule)
				refused(t, change(k.m), "no such device")
				if s := expect(t, k.m, Stopped, ""); s.triggered || s.text != stoppedRule {
					t.Errorf("%+v", s)
				}
				time.Sleep(time.Hour)
				expect(t, k.m, Stopped, "")
			})
		})
	}
}

// A change that fails leaves a rule that is to be started again to that.
func TestFailedChangeLeavesTheRestart(t *testing.T) {
	for name, change := range map[string]func(*Manager) error{
		"update": func(m *Manager) error { _, err := m.Update("r", ruleOf("r", "t")); return err },
		"apply": func(m *Manager) error {
			_, err := m.Apply(Set{Rules: map[string]string{"r": ruleOf("r", "t")}})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			withFlaky(t, func(k *flaky) {
				k.create(t, ruleOf("r", "s"))
				k.m.onFail("r", errBoom)
				expect(t, k.m, Failed, "boom")
				refused(t, change(k.m), "no such device")
				if s := expect(t, k.m, Failed, "boom"); s.next.IsZero() {
					t.Error("it stays down")
				}
				time.Sleep(time.Minute)
				expect(t, k.m, Running, "")
			})
		})
	}
}

// What the disk does not take has not happened.
func TestChangesThatTheDiskRefuses(t *testing.T) {
	const scheduled = `{"id":"new","sql":"SELECT a FROM s","actions":[{"quiet":{}}],"options":{"duration":"1h"}}`
	for name, change := range map[string]func(*Manager) error{
		"create": func(m *Manager) error { _, _, err := m.Create(scheduled); return err },
		"update": func(m *Manager) error { _, err := m.Update("r", stoppedRule); return err },
		"delete": func(m *Manager) error { return m.Delete("r") },
		"stream": func(m *Manager) error {
			_, err := m.ReplaceStream("s", `CREATE STREAM s () WITH (TYPE="quiet", DATASOURCE="other")`)
			return err
		},
		"stop":      func(m *Manager) error { return m.StopRule("r") },
		"stop many": func(m *Manager) error { return m.StopRules([]string{"r"})[0] },
		"tags":      func(m *Manager) error { return m.SetTags("r", []string{"x"}) },
	} {
		t.Run(name, func(t *testing.T) {
			withFlaky(t, func(k *flaky) {
				k.create(t, ruleOf("r", "s"))
				was := k.m.state(t)
				k.breakDisk(t)
				refused(t, change(k.m), "database not open")
				if diff := cmp.Diff(was, k.m.state(t)); diff != "" {
					t.Error(diff)
				}
				if n := len(k.m.clock.timetable.places); n != 0 {
					t.Errorf("%d appointments are left", n)
				}
			})
		})
	}
}

// A stream whose new definition cannot be opened stays as it is, and so do its
// readers.
func TestReplaceStreamUndoes(t *testing.T) {
	withFlaky(t, func(k *flaky) {
		k.create(t, ruleOf("r", "s"))
		was := k.m.state(t)
		_, err := k.m.ReplaceStream("s", `CREATE STREAM s () WITH (TYPE="quiet", DATASOURCE="broken")`)
		refused(t, err, "no such device")
		_, err = k.m.ReplaceStream("s", `CREATE STREAM s () WITH (TYPE="quiet", DATASOURCE="s", TEMP="true")`)
		refused(t, err, "stream s is TEMP")
		if diff := cmp.Diff(was, k.m.state(t)); diff != "" {
			t.Error(diff)
		}
		if list, err := k.st.Streams(); err != nil || list[0].SQL != k.m.catalog.entry("s").sql {
			t.Error(list, err)
		}
	})
}

// A changed connection that running rules cannot be opened on is taken back.
func TestReconfigureUndoes(t *testing.T) {
	withFlaky(t, func(k *flaky) {
		k.create(t, ruleOf("r", "s"))
		err := k.m.Reconfigure(Reference{Source: "quiet", Name: "default"},
			func() error { k.away.Store(true); return nil },
			func() error { k.away.Store(false); return nil })
		refused(t, err, "no such device")
		expect(t, k.m, Running, "")
	})
}

// A rule that cannot be started is shown, and started when it can be; the log
// has it once. One whose definition is wrong waits for another one.
func TestRuleThatCannotBeStartedIsTriedAgain(t *testing.T) {
	withFlaky(t, func(k *flaky) {
		k.create(t, ruleOf("r", "s"))
		k.create(t, ruleOf("lost", "s"))
		for _, id := range []string{"r", "lost"} {
			if err := k.m.StopRule(id); err != nil {
				t.Fatal(err)
			}
		}
		k.away.Store(true)
		refused(t, k.m.StartRule("r"), "no such device")
		expect(t, k.m, Failed, "stream s: no such device")
		time.Sleep(time.Hour)
		expect(t, k.m, Failed, "stream s: no such device")
		if n := strings.Count(k.log.String(), "rule cannot be started"); n != 1 {
			t.Errorf("logged %d times", n)
		}
		k.away.Store(false)
		time.Sleep(time.Minute)
		expect(t, k.m, Running, "")
		if _, err := k.m.DropStream("s", true); err != nil {
			t.Fatal(err)
		}
		if err := k.m.StartRule("lost"); err == nil {
			t.Error("it runs without its stream")
		}
		r, err := k.m.find("lost")
		if err != nil {
			t.Fatal(err)
		}
		if s := r.look(); s.state != Failed || !s.next.IsZero() {
			t.Errorf("%+v", s)
		}
	})
}

// Attempts are bounded without a longest pause, too.
func TestAttemptsAreBoundedWithoutMaxDelay(t *testing.T) {
	withRule(t, `{"restartStrategy":{"attempts":2,"delay":10,"maxDelay":0,"multiplier":1,"jitterFactor":0}}`, func(m *Manager) {
		for range 2 {
			m.onFail("r", errBoom)
			expect(t, m, Failed, "boom")
			time.Sleep(20 * time.Millisecond)
			expect(t, m, Running, "")
			time.Sleep(100 * time.Millisecond)
		}
		m.onFail("r", errBoom)
		time.Sleep(time.Hour)
		expect(t, m, Failed, "boom")
	})
}
