package schedule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/device-service/internal/driver"
)

// fake answers every read with the number of reads so far, after a delay.
type fake struct {
	delay func(device string) time.Duration
	value func(resource string) any

	mu     sync.Mutex
	reads  []string // "device: A B"
	active map[string]int
	worst  int // most reads of one device at once
}

func (f *fake) Read(ctx context.Context, device string, resources []driver.Resource) ([]driver.Reading, error) {
	names := make([]string, len(resources))
	for i, r := range resources {
		names[i] = r.Name
	}
	f.mu.Lock()
	f.reads = append(f.reads, device+": "+strings.Join(names, " "))
	n := len(f.reads)
	if f.active == nil {
		f.active = make(map[string]int)
	}
	f.active[device]++
	f.worst = max(f.worst, f.active[device])
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.active[device]--
		f.mu.Unlock()
	}()
	if f.delay != nil {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(f.delay(device)):
		}
	}
	out := make([]driver.Reading, len(resources))
	for i, r := range resources {
		out[i] = driver.Reading{Resource: r.Name, Value: n}
		if f.value != nil {
			out[i].Value = f.value(r.Name)
		}
	}
	return out, nil
}

func (f *fake) seen() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.reads)
}

func resources(names ...string) []driver.Resource {
	out := make([]driver.Resource, len(names))
	for i, n := range names {
		out[i] = driver.Resource{Name: n, Type: "Int64", Readable: true}
	}
	return out
}

// log collects "source@tick value,value" of what was emitted; ticks in ms since start.
type log struct {
	start time.Time
	mu    sync.Mutex
	lines []string
}

func (l *log) emit(source string) func(Result) {
	return func(r Result) {
		l.mu.Lock()
		defer l.mu.Unlock()
		line := fmt.Sprintf("%s@%d", source, r.Due.Sub(l.start).Milliseconds())
		for _, reading := range r.Readings {
			line += " " + reading.Resource
		}
		if r.Missed > 0 {
			line += fmt.Sprintf(" missed %d", r.Missed)
		}
		if r.Err != nil {
			line += " " + r.Err.Error()
		}
		l.lines = append(l.lines, line)
	}
}

func (l *log) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.lines
	l.lines = nil
	return out
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestGridDoesNotDrift(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{delay: func(string) time.Duration { return 30 * time.Millisecond }}
		s := New(f)
		defer s.Close()
		l := &log{start: time.Now()}
		s.Set("d", []Event{{Source: "A", Interval: 100 * time.Millisecond, Resources: resources("A"), Emit: l.emit("A")}})
		time.Sleep(450 * time.Millisecond)
		expect(t, l.take(), "A@100 A", "A@200 A", "A@300 A", "A@400 A")
		time.Sleep(100 * 100 * time.Millisecond)
		if got := l.take(); len(got) != 100 || got[99] != "A@10400 A" {
			t.Errorf("100 intervals later: %d results, last %v", len(got), got[len(got)-1])
		}
		if s.Missed() != 0 {
			t.Errorf("missed %d", s.Missed())
		}
	})
}

func TestLateReadSkipsTicksAndCountsThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{delay: func(string) time.Duration { return 250 * time.Millisecond }}
		s := New(f)
		defer s.Close()
		l := &log{start: time.Now()}
		s.Set("d", []Event{{Source: "A", Interval: 100 * time.Millisecond, Resources: resources("A"), Emit: l.emit("A")}})
		time.Sleep(1 * time.Second)
		// Read from 100 to 350: the ticks 200 and 300 are gone, the next one is 400.
		expect(t, l.take(), "A@100 A", "A@400 A missed 2", "A@700 A missed 2")
		if s.Missed() != 6 {
			t.Errorf("missed %d, want 6", s.Missed())
		}
	})
}

func TestDueReadsOfADeviceAreMerged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		s := New(f)
		defer s.Close()
		l := &log{start: time.Now()}
		s.Set("d", []Event{
			{Source: "AB", Interval: 100 * time.Millisecond, Resources: resources("A", "B"), Emit: l.emit("AB")},
			{Source: "CB", Interval: 200 * time.Millisecond, Resources: resources("C", "B"), Emit: l.emit("CB")},
		})
		time.Sleep(250 * time.Millisecond)
		expect(t, f.seen(), "d: A B", "d: A B C")
		expect(t, l.take(), "AB@100 A B", "AB@200 A B", "CB@200 C B")
	})
}

func TestSlowDeviceDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{delay: func(d string) time.Duration {
			if d == "slow" {
				return time.Hour
			}
			return 0
		}}
		s := New(f)
		defer s.Close()
		l := &log{start: time.Now()}
		s.Set("slow", []Event{{Source: "S", Interval: 10 * time.Millisecond, Resources: resources("S"), Emit: l.emit("S")}})
		s.Set("fast", []Event{{Source: "F", Interval: 100 * time.Millisecond, Resources: resources("F"), Emit: l.emit("F")}})
		time.Sleep(350 * time.Millisecond)
		expect(t, l.take(), "F@100 F", "F@200 F", "F@300 F")
	})
}

func TestSetLeavesExactlyOneSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{delay: func(string) time.Duration { return 40 * time.Millisecond }}
		s := New(f)
		defer s.Close()
		l := &log{start: time.Now()}
		event := func(name string) []Event {
			return []Event{{Source: name, Interval: 100 * time.Millisecond, Resources: resources(name), Emit: l.emit(name)}}
		}
		s.Set("d", event("add"))
		time.Sleep(120 * time.Millisecond) // in the middle of the first read
		for i := range 10 {
			s.Set("d", event(fmt.Sprintf("update%d", i)))
		}
		time.Sleep(250 * time.Millisecond) // the tick at 320 has been read by 360
		expect(t, l.take(), "update9@220 update9", "update9@320 update9")
		if f.worst != 1 {
			t.Errorf("%d reads of the device at once", f.worst)
		}
	})
}

func TestLockEndsAndUnlockStartsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		s := New(f)
		defer s.Close()
		l := &log{start: time.Now()}
		events := []Event{{Source: "A", Interval: 100 * time.Millisecond, Resources: resources("A"), Emit: l.emit("A")}}
		s.Set("d", events)
		time.Sleep(150 * time.Millisecond)
		s.Set("d", nil)
		l.take()
		time.Sleep(time.Second)
		expect(t, l.take())
		s.Set("d", events)
		time.Sleep(150 * time.Millisecond)
		expect(t, l.take(), "A@1250 A")
	})
}

func TestOnChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		values := []any{1.0, 1.0, map[string]any{"a": []any{1.0}}, map[string]any{"a": []any{1.0}}, map[string]any{"a": []any{2.0}}, 2.0}
		n := -1
		f := &fake{value: func(string) any { n++; return values[min(n, len(values)-1)] }}
		s := New(f)
		defer s.Close()
		l := &log{start: time.Now()}
		s.Set("d", []Event{{Source: "A", Interval: 100 * time.Millisecond, OnChange: true, Resources: resources("A"), Emit: l.emit("A")}})
		time.Sleep(time.Second)
		expect(t, l.take(), "A@100 A", "A@300 A", "A@500 A", "A@600 A")
	})
}

func TestOnChangeComparesConverted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{} // counts up: 1 2 3 …
		s := New(f)
		defer s.Close()
		l := &log{start: time.Now()}
		thirds := func(rs []driver.Reading) []driver.Reading {
			return []driver.Reading{{Resource: "third", Value: rs[0].Value.(int) / 3}}
		}
		s.Set("d", []Event{{Source: "A", Interval: 100 * time.Millisecond, OnChange: true, Resources: resources("A"), Convert: thirds, Emit: l.emit("A")}})
		time.Sleep(750 * time.Millisecond)
		expect(t, l.take(), "A@100 third", "A@300 third", "A@600 third")
	})
}

type failing struct{ err error }

func (f failing) Read(context.Context, string, []driver.Resource) ([]driver.Reading, error) {
	return nil, f.err
}

func TestFailuresAreEmitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &log{start: time.Now()}
		s := New(failing{errors.New("no answer")})
		s.Set("d", []Event{{Source: "A", Interval: time.Second, OnChange: true, Resources: resources("A"), Emit: l.emit("A")}})
		time.Sleep(1500 * time.Millisecond)
		s.Close()
		expect(t, l.take(), "A@1000 no answer")

		s = New(failing{})
		s.Set("d", []Event{{Source: "A", Interval: time.Second, Resources: resources("A"), Emit: l.emit("A")}})
		time.Sleep(1500 * time.Millisecond)
		s.Close()
		expect(t, l.take(), "A@2500 driver gave 0 readings for 1 resources")
	})
}

func TestCloseEndsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // fails by itself when a goroutine is left over
		f := &fake{delay: func(string) time.Duration { return time.Hour }}
		s := New(f)
		l := &log{start: time.Now()}
		for i := range 50 {
			s.Set(fmt.Sprint(i), []Event{{Source: "A", Interval: time.Second, Resources: resources("A"), Emit: l.emit("A")}})
		}
		time.Sleep(1500 * time.Millisecond)
		s.Close()
		s.Set("late", []Event{{Source: "A", Interval: time.Second, Resources: resources("A"), Emit: l.emit("A")}})
		time.Sleep(time.Hour)
		expect(t, l.take())
		if f.worst != 1 {
			t.Errorf("%d reads of one device at once", f.worst)
		}
		s.Close()
	})
}

func BenchmarkTick(b *testing.B) {
	r := newRunner(New(nothing{}), "d", []Event{
		{Source: "AB", Interval: time.Hour, Resources: resources("A", "B", "C", "D"), Emit: func(Result) {}},
		{Source: "CB", Interval: time.Hour, Resources: resources("C", "E", "B", "F"), Emit: func(Result) {}},
	}, nil)
	defer r.stop()
	b.ReportAllocs()
	for b.Loop() {
		for _, e := range r.events {
			e.due = time.Now()
		}
		r.tick()
	}
}

type nothing struct{}

func (nothing) Read(_ context.Context, _ string, rs []driver.Resource) ([]driver.Reading, error) {
	return make([]driver.Reading, len(rs)), nil
}
