package rule

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// The clock of a bubble begins at midnight UTC of 1 January 2000, a Saturday.
func inUTC(m *Manager) { m.SetZone(time.UTC) }

func TestRuleFollowsItsSchedule(t *testing.T) {
	withRule(t, `{"cron":"0 6 * * *","duration":"2h"}`, func(m *Manager) {
		inUTC(m)
		s := expect(t, m, Waiting, "")
		six := time.Date(2000, 1, 1, 6, 0, 0, 0, time.UTC)
		if !s.next.Equal(six) || !s.triggered {
			t.Errorf("next %v, triggered %v", s.next, s.triggered)
		}
		for day := range 3 {
			begin := six.AddDate(0, 0, day)
			time.Sleep(time.Until(begin) - time.Millisecond)
			if s := expect(t, m, Waiting, map[bool]string{true: "", false: scheduleOver}[day == 0]); !s.next.Equal(begin) {
				t.Errorf("next %v", s.next)
			}
			time.Sleep(time.Millisecond)
			if s := expect(t, m, Running, ""); !s.next.Equal(begin.AddDate(0, 0, 1)) {
				t.Errorf("next %v", s.next)
			}
			time.Sleep(2*time.Hour - time.Millisecond)
			expect(t, m, Running, "")
			time.Sleep(time.Millisecond)
			expect(t, m, Waiting, scheduleOver)
		}
	})
}

func TestStopAndStartUnderASchedule(t *testing.T) {
	withRule(t, `{"cron":"0 6 * * *","duration":"2h"}`, func(m *Manager) {
		inUTC(m)
		expect(t, m, Waiting, "")
		if err := m.StopRule("r"); err != nil {
			t.Fatal(err)
		}
		if s := expect(t, m, Stopped, canceled); !s.next.IsZero() {
			t.Errorf("next %v", s.next)
		}
		time.Sleep(7 * time.Hour)
		expect(t, m, Stopped, canceled)
		if err := m.StartRule("r"); err != nil { // inside its time
			t.Fatal(err)
		}
		expect(t, m, Running, "")
		time.Sleep(time.Hour)
		expect(t, m, Waiting, scheduleOver)
		if err := m.StartRule("r"); err != nil {
			t.Fatal(err)
		}
		expect(t, m, Waiting, "")
	})
}

func TestDurationAlone(t *testing.T) {
	withRule(t, `{"duration":"10m"}`, func(m *Manager) {
		time.Sleep(10*time.Minute - time.Millisecond)
		expect(t, m, Running, "")
		time.Sleep(time.Millisecond)
		if s := expect(t, m, Stopped, durationOver); s.triggered {
			t.Error("it would run again after a restart of the service")
		}
		time.Sleep(24 * time.Hour)
		expect(t, m, Stopped, durationOver)
		if err := m.StartRule("r"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		if err := m.RestartRule("r"); err != nil { // its time begins anew
			t.Fatal(err)
		}
		time.Sleep(9 * time.Minute)
		expect(t, m, Running, "")
		time.Sleep(time.Minute)
		expect(t, m, Stopped, durationOver)
	})
}

func TestFailureUnderASchedule(t *testing.T) {
	withRule(t, `{"cron":"0 6 * * *","duration":"2h","restartStrategy":{"attempts":0}}`, func(m *Manager) {
		inUTC(m)
		time.Sleep(7 * time.Hour)
		expect(t, m, Running, "")
		m.onFail("r", errBoom)
		expect(t, m, Failed, "boom")
		time.Sleep(12 * time.Hour)
		expect(t, m, Failed, "boom")
		time.Sleep(12 * time.Hour) // the next day is another day
		expect(t, m, Running, "")
	})
}

func TestRetryOutsideTheSchedule(t *testing.T) {
	withRule(t, `{"cron":"0 6 * * *","duration":"2h","restartStrategy":{"delay":"2h","maxDelay":"3h","jitterFactor":0}}`, func(m *Manager) {
		inUTC(m)
		time.Sleep(7 * time.Hour)
		m.onFail("r", errBoom)
		expect(t, m, Failed, "boom")
		time.Sleep(2 * time.Hour) // the restart would be at nine
		expect(t, m, Waiting, "")
	})
}

func TestNewTimeZone(t *testing.T) {
	withRule(t, `{"cron":"0 6 * * *","duration":"2h"}`, func(m *Manager) {
		inUTC(m)
		time.Sleep(5*time.Hour + 30*time.Minute)
		expect(t, m, Waiting, "")
		m.SetZone(berlin(t)) // where it is half past six
		expect(t, m, Running, "")
		inUTC(m)
		expect(t, m, Waiting, scheduleOver)
	})
}

// A new schedule counts at once, and one that is taken away too.
func TestNewSchedule(t *testing.T) {
	withRule(t, `{"cron":"0 6 * * *","duration":"2h"}`, func(m *Manager) {
		inUTC(m)
		update := func(options string) {
			t.Helper()
			if _, err := m.Update("r", fmt.Sprintf(`{"id":"r","sql":"SELECT a FROM s","actions":[{"quiet":{}}],"options":%s}`, options)); err != nil {
				t.Fatal(err)
			}
		}
		expect(t, m, Waiting, "")
		update(`{}`)
		expect(t, m, Running, "")
		time.Sleep(24 * time.Hour)
		expect(t, m, Running, "")
		update(`{"cron":"0 3 * * *","duration":"1h"}`)
		expect(t, m, Waiting, "")
		time.Sleep(3 * time.Hour)
		expect(t, m, Running, "")
		if _, err := m.Update("r", `{"id":"r","triggered":false,"sql":"SELECT a FROM s","actions":[{"quiet":{}}],"options":{"cron":"0 1 * * *","duration":"1h"}}`); err != nil {
			t.Fatal(err)
		}
		if s := expect(t, m, Stopped, ""); !s.next.IsZero() {
			t.Errorf("next %v", s.next)
		}
		time.Sleep(48 * time.Hour)
		expect(t, m, Stopped, "")
	})
}

// An update that cannot start leaves the old rule waiting for its schedule.
func TestBadUpdateOfAWaitingRule(t *testing.T) {
	withRule(t, `{"cron":"0 6 * * *","duration":"2h"}`, func(m *Manager) {
		inUTC(m)
		if _, err := m.Update("r", `{"id":"r","sql":"SELECT a FROM nowhere","actions":[{"quiet":{}}]}`); err == nil {
			t.Fatal("it was taken")
		}
		time.Sleep(6 * time.Hour)
		expect(t, m, Running, "")
		if err := m.Delete("r"); err != nil {
			t.Fatal(err)
		}
		if n := len(m.clock.timetable.heap); n > 0 {
			t.Errorf("%d appointments are left", n)
		}
	})
}

// A service that starts inside the time of a rule runs it.
func TestServiceStartsInsideASchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(6*time.Hour + 30*time.Minute)
		m, st := openWith(t, "quiet", quiet{})
		inUTC(m)
		if _, err := m.Execute(`CREATE STREAM s () WITH (TYPE="quiet", FORMAT="json")`); err != nil {
			t.Fatal(err)
		}
		if _, _, err := m.Create(`{"id":"r","sql":"SELECT a FROM s","actions":[{"quiet":{}}],"options":{"cron":"0 6 * * *","duration":"1h"}}`); err != nil {
			t.Fatal(err)
		}
		expect(t, m, Running, "")
		if err := m.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		again, err := Open(st, m.registry, m.env, WithPatrol(time.Second))
		if err != nil {
			t.Fatal(err)
		}
		inUTC(again)
		again.Start()
		expect(t, again, Running, "")
		time.Sleep(30 * time.Minute)
		expect(t, again, Waiting, scheduleOver)
		if err := again.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// Thousands of rules begin at the same time, with one timer.
func TestManyRulesOnOneSchedule(t *testing.T) {
	withRule(t, `{}`, func(m *Manager) {
		inUTC(m)
		const rules = 500
		for i := range rules {
			text := fmt.Sprintf(`{"id":"r%d","sql":"SELECT a FROM s","actions":[{"quiet":{}}],"options":{"cron":"0 6 * * *","duration":"2h"}}`, i)
			if _, _, err := m.Create(text); err != nil {
				t.Fatal(err)
			}
		}
		count := func(state State) (n int) {
			synctest.Wait()
			for _, r := range m.all() {
				if s := r.look(); s.state == state {
					n++
				}
			}
			return n
		}
		if n := count(Waiting); n != rules {
			t.Fatalf("%d wait", n)
		}
		time.Sleep(6 * time.Hour)
		if n := count(Running); n != rules+1 {
			t.Fatalf("%d run", n)
		}
		time.Sleep(2 * time.Hour)
		if n := count(Waiting); n != rules {
			t.Fatalf("%d wait", n)
		}
	})
}

func TestClockThatIsSet(t *testing.T) {
	if clockWasSet(10*time.Second, 10*time.Second+time.Millisecond) || !clockWasSet(10*time.Second, 2*time.Hour) || !clockWasSet(10*time.Second, -time.Hour) {
		t.Error("a clock that was set is not told from one that was not")
	}
	passed := make(chan []*rule, 1)
	table := newTimetable(func(due []*rule) { passed <- due })
	defer table.close()
	r := &rule{id: "r"}
	table.set(r, time.Now().Add(time.Hour))
	table.ring()
	if len(passed) > 0 {
		t.Fatal("looked at too early")
	}
	table.hurry() // as after a step of the clock
	if due := <-passed; len(due) != 1 || due[0] != r {
		t.Errorf("%v", due)
	}
}
