package twin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A desired value is set, and what the device has then is reported, which ends
// the deltas.
func TestDesired(t *testing.T) {
	e := newEdge(t, boiler)
	e.plant.has("boiler-1", "threshold", "Int16", "70")
	e.plant.has("boiler-1", "ratio", "Float64", "1")
	e.begin(nil, boilerDevice())
	e.bridge.Report("boiler-1", []Reading{{"threshold", "Int16", "70"}, {"ratio", "Float64", "1"}})
	e.twinIs(boiler, values{"threshold": "int 70", "ratio": "float 1"})
	e.core.Expect(boiler, "threshold", "int", "80")
	e.twinIs(boiler, values{"threshold": "int 80", "ratio": "float 1"})
	// edgecore compares texts: the value is reported as it was written.
	e.core.Expect(boiler, "ratio", "float", "2.0")
	e.twinIs(boiler, values{"threshold": "int 80", "ratio": "float 2.0"})
	e.bridge.Report("boiler-1", []Reading{{"ratio", "Float64", "2"}})
	e.bridge.Report("boiler-1", []Reading{{"ratio", "Float64", "3"}})
	e.twinIs(boiler, values{"threshold": "int 80", "ratio": "float 3"})
	if got, want := e.plant.done(), []string{"boiler-1.threshold=80", "boiler-1.ratio=2.0"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if c := e.bridge.Counts(); c.Set != 2 || c.NotSet != 0 {
		t.Errorf("%+v", c)
	}
}

// What the cloud wanted before the service started is set at the start.
func TestDesiredAtStart(t *testing.T) {
	e := newEdge(t, boiler, "old")
	e.plant.has("boiler-1", "threshold", "Int16", "70")
	e.plant.has("old", "threshold", "Int16", "70")
	e.core.Expect(boiler, "threshold", "int", "80")
	e.core.Expect(boiler, "empty", "int", "")
	e.core.Expect("old", "threshold", "int", "75")
	e.begin(nil, boilerDevice(), Device{Name: "old", ID: "old"})
	e.twinIs(boiler, values{"threshold": "int 80"})
	e.twinIs("old", values{"threshold": "int 75"})
}

// A delta comes again at every report; a value that the device refuses is not
// tried each time.
func TestRefusedDesired(t *testing.T) {
	e := newEdge(t, boiler)
	e.plant.has("boiler-1", "threshold", "Int16", "70")
	e.plant.refuses("boiler-1", "threshold", errors.New("200 is above the maximum of 100"))
	e.begin(nil, boilerDevice())
	e.core.Expect(boiler, "threshold", "int", "200")
	until(t, "refused", func() bool { return e.log.count("desired value is not set") == 1 })
	for i := range 20 {
		e.bridge.Report("boiler-1", []Reading{{"a", "Int16", fmt.Sprint(i)}})
		e.twinIs(boiler, values{"a": fmt.Sprint("int ", i)})
	}
	if n := len(e.plant.done()); n > 3 { // the pauses of the retries are 5 s and more
		t.Errorf("%d attempts", n)
	}
	if s := e.bridge.Status()[0]; s.NotSet["threshold"] != "200 is above the maximum of 100" {
		t.Errorf("%+v", s)
	}
	e.plant.refuses("boiler-1", "threshold", nil)
	e.core.Expect(boiler, "threshold", "int", "90")
	e.twinIs(boiler, values{"a": "int 19", "threshold": "int 90"})
	e.core.Expect(boiler, "nonsense", "int", "1")
	until(t, "refused", func() bool { return e.log.count(`resource \"nonsense\" is not in the profile`) == 1 })
}

// still is a transport that goes nowhere.
type still struct {
	mu        sync.Mutex
	reports   [][]Value
	outcome   error
	meanwhile func() // before the outcome
}

func (s *still) Watch(Device)                {}
func (s *still) Forget(Device)               {}
func (s *still) State(Device, State)         {}
func (s *still) Record(Device, []Value) bool { return false }
func (s *still) Close()                      {}
func (s *still) Report(_ Device, values []Value, done func(error)) {
	s.mu.Lock()
	s.reports = append(s.reports, values)
	outcome := s.outcome
	s.mu.Unlock()
	if s.meanwhile != nil {
		s.meanwhile()
	}
	done(outcome)
}

func quiet(s *still, o Options) *Bridge {
	o.Log = slog.New(slog.DiscardHandler)
	return New(o, func(Twins) Transport { return s })
}

// A device is reported once in a while at most, with its last values.
func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &still{}
		b := quiet(s, Options{Interval: time.Hour, Spacing: time.Second})
		b.Add(boilerDevice())
		for i := range 1000 { // in 10 s
			b.Report("boiler-1", []Reading{{"a", "Int16", fmt.Sprint(i)}, {"b", "Bool", "true"}})
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		last := s.reports[len(s.reports)-1]
		if n := len(s.reports); n != 11 || len(last) != 1 || last[0].Text != "999" {
			t.Errorf("%d reports, the last %v", n, last)
		}
		if c := b.Counts(); c.Coalesced != 1000-11 || c.Reports != 11 {
			t.Errorf("%+v", c)
		}
		b.Close()
	})
}

// A record of a time series that could not be sent is counted.
func TestSeriesDropped(t *testing.T) {
	b := quiet(&still{}, Options{Interval: time.Hour, Spacing: time.Hour, Series: true})
	b.Add(boilerDevice())
	b.Report("boiler-1", []Reading{{"a", "Int16", "1"}, {"b", "Bool", "true"}})
	if c := b.Counts(); c.Dropped != 2 {
		t.Errorf("%+v", c)
	}
	b.Close()
}

// Without a connection nothing is tried, and then all of it goes at once.
func TestNoConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &still{outcome: ErrNotConnected}
		b := quiet(s, Options{Interval: time.Hour, Spacing: time.Second})
		b.Add(boilerDevice())
		for i := range 100 {
			b.Report("boiler-1", []Reading{{"a", "Int16", fmt.Sprint(i)}, {"b", "Bool", "true"}})
			time.Sleep(time.Second)
		}
		if n := len(s.reports); n != 1 {
			t.Errorf("%d attempts", n)
		}
		s.outcome = nil
		b.Renew()
		if n := len(s.reports); n != 2 || len(s.reports[1]) != 2 {
			t.Errorf("%v", s.reports)
		}
		b.Close()
	})
}

// A desired value that comes again and again is tried with growing pauses, up
// to five minutes, and at once when it is another one.
func TestPausesOfRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tried []time.Duration
		start := time.Now()
		set := func(context.Context, string, string, string) (Reading, error) {
			tried = append(tried, time.Since(start).Round(time.Second))
			return Reading{}, errors.New("no")
		}
		b := quiet(&still{}, Options{Interval: time.Hour, Spacing: time.Second, Set: set})
		b.Add(boilerDevice())
		for range 1200 {
			b.Desire("boiler-1", values{"p": "1"}, nil)
			time.Sleep(time.Second)
		}
		want := []time.Duration{0, 5, 15, 35, 75, 155, 315, 615, 915}
		for i := range want {
			want[i] *= time.Second
		}
		if !slices.Equal(tried, want) {
			t.Errorf("%v", tried)
		}
		b.Desire("boiler-1", values{"p": "2"}, nil)
		synctest.Wait()
		if len(tried) != len(want)+1 {
			t.Errorf("another value waits: %v", tried)
		}
		b.Close()
	})
}

// Values of one device are set in their order, of two for a property the last;
// one device does not wait for another, and not too many wait.
func TestOrderOfDesired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant()
		for _, property := range []string{"a", "b", "c"} {
			p.has("slow", property, "Int16", "0")
			p.has("fast", property, "Int16", "0")
		}
		p.held["slow"] = make(chan struct{})
		b := quiet(&still{}, Options{Interval: time.Hour, Spacing: time.Second, Set: p.set})
		b.Add(Device{Name: "slow", ID: "slow"})
		b.Add(Device{Name: "fast", ID: "fast"})
		var overtaken int
		answer := func(_ string, _ Value, err error) {
			if errors.Is(err, ErrNotNow) {
				overtaken++
			}
		}
		for i, property := range []string{"c", "a", "b", "a"} {
			b.Desire("slow", values{property: fmt.Sprint(i + 1)}, answer)
			synctest.Wait()
		}
		b.Desire("fast", values{"a": "7"}, answer)
		synctest.Wait()
		if got := p.done(); !slices.Equal(got, []string{"fast.a=7"}) {
			t.Errorf("%q", got)
		}
		many := values{}
		for i := range wantedLimit {
			many[fmt.Sprint("x", i)] = "1"
		}
		b.Desire("slow", many, answer)
		if c := b.Counts(); c.NotSet != 2 || overtaken != 3 { // a and b wait already
			t.Errorf("%+v, %d overtaken", c, overtaken)
		}
		close(p.held["slow"])
		synctest.Wait()
		if got := p.done()[:4]; !slices.Equal(got, []string{"fast.a=7", "slow.c=1", "slow.a=4", "slow.b=3"}) {
			t.Errorf("%q", got)
		}
		b.Close()
	})
}

// A device that takes another value than it was given has not done what the
// cloud wants; the cloud sees what it has.
func TestDeviceWithAWillOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &still{}
		b := quiet(s, Options{Interval: time.Hour, Spacing: time.Second, Set: func(context.Context, string, string, string) (Reading, error) {
			return Reading{"p", "Int16", "100"}, nil
		}})
		b.Add(boilerDevice())
		var answered error
		var actual Value
		b.Desire("boiler-1", values{"p": "200"}, func(_ string, v Value, err error) { actual, answered = v, err })
		synctest.Wait()
		if answered == nil || answered.Error() != "the device has 100 after it was set" || actual.Text != "100" {
			t.Errorf("%v, %v", actual, answered)
		}
		if len(s.reports) != 1 || s.reports[0][0].Text != "100" {
			t.Errorf("%v", s.reports)
		}
		b.Close()
	})
}
