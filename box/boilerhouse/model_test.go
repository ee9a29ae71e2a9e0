package boilerhouse

import (
	"math"
	"testing"
	"testing/synctest"
	"time"
)

func TestTemperatureSwings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewModel()
		if v := m.Read().Temperature; v >= 80 {
			t.Errorf("at the start: %g degC, want below 80, so that it crosses", v)
		}
		low, high := math.Inf(1), math.Inf(-1)
		for range 60 { // two periods
			time.Sleep(time.Second)
			v := m.Read().Temperature
			low, high = min(low, v), max(high, v)
		}
		if low < 72 || low > 72.2 || high > 88 || high < 87.8 {
			t.Errorf("swing %g…%g degC, want 72…88", low, high)
		}
	})
}

func TestTemperatureIsAbove80WithinThreeSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewModel()
		time.Sleep(3 * time.Second)
		for range 10 {
			if v := m.Read().Temperature; v <= 80 {
				t.Errorf("%g degC, want above 80", v)
			}
			time.Sleep(time.Second)
		}
	})
}

func TestPressureFollowsTheBurner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewModel()
		want := func(bar float64, flame bool) {
			t.Helper()
			r := m.Read()
			if math.Abs(r.Pressure-bar) > 1e-9 || r.Flame != flame {
				t.Errorf("after %v: %g bar, flame %v; want %g bar, flame %v", time.Since(m.start), r.Pressure, r.Flame, bar, flame)
			}
		}
		want(3, true)
		time.Sleep(5 * time.Second)
		want(5, true)
		m.SetBurner(true) // again, which changes nothing
		m.SetBurner(false)
		want(5, false)
		time.Sleep(2 * time.Second)
		want(4.2, false)
		time.Sleep(10 * time.Second)
		want(3, false)
		m.SetBurner(true)
		time.Sleep(time.Minute)
		want(8, true)
		m.SetBurner(false)
		time.Sleep(time.Second)
		want(7.6, false)
		if ran := m.Read().RunSeconds; ran != 65 {
			t.Errorf("burner ran %d s, want 65", ran)
		}
	})
}

func TestStoppedBoilerCools(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewModel()
		time.Sleep(temperaturePeriod)
		m.SetStop(true)
		m.SetBurner(true) // which changes nothing: it is stopped
		start := m.Read()
		if start.Flame || !start.Burner || !start.Stop {
			t.Errorf("%+v", start)
		}
		time.Sleep(temperaturePeriod)
		cold := m.Read()
		if math.Abs(start.Temperature-cold.Temperature-coolDepth) > 1e-9 || cold.Pressure != pressureLow || cold.RunSeconds != start.RunSeconds {
			t.Errorf("stopped %+v, then %+v", start, cold)
		}
		m.SetStop(false)
		time.Sleep(temperaturePeriod)
		if warm := m.Read(); math.Abs(warm.Temperature-start.Temperature) > 1e-9 || !warm.Flame {
			t.Errorf("stopped at %+v, running again %+v", start, warm)
		}
	})
}

func TestFlowFollowsTheValve(t *testing.T) {
	m := NewModel()
	before := m.Read().Flow
	if !m.SetValve(100) {
		t.Fatal("a valve of 100 % was refused")
	}
	if after := m.Read().Flow; after < 1.9*before {
		t.Errorf("flow %g m3/h with the valve fully open, %g half open", after, before)
	}
	for _, percent := range []int32{-1, 101} {
		if m.SetValve(percent) {
			t.Errorf("a valve of %d %% was taken", percent)
		}
	}
	if v := m.Read().Valve; v != 100 {
		t.Errorf("valve %d, want 100", v)
	}
}
