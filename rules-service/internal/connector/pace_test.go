package connector

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// busiest is the most that comes in any period.
func busiest(times []time.Time, period time.Duration) int {
	most, from := 0, 0
	for to := range times {
		for times[to].Sub(times[from]) >= period {
			from++
		}
		most = max(most, to-from+1)
	}
	return most
}

// However messages come, no period has more than a rate allows, and nobody waits
// longer than for his turn.
func TestPaceHoldsItsRates(t *testing.T) {
	for name, rates := range map[string][]Rate{
		"20 a minute":                    {{20, time.Minute}},
		"1 a second":                     {{1, time.Second}},
		"3 a second":                     {{3, time.Second}},
		"100 a minute and 5 in a second": {{100, time.Minute}, {5, time.Second}},
		"no limit beside one":            {{}, {7, time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := NewPace(rates...)
				var times []time.Time
				for i := range 400 {
					if i%50 == 49 {
						time.Sleep(time.Duration(i) * 700 * time.Millisecond)
					}
					if _, err := p.Take(t.Context()); err != nil {
						t.Fatal(err)
					}
					times = append(times, time.Now())
				}
				for _, r := range rates {
					if got := busiest(times, max(r.Period, 1)); r.Messages > 0 && got > r.Messages {
						t.Errorf("%d in %s", got, r.Period)
					}
				}
			})
		})
	}
}

func TestPaceTellsHowManyMayFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPace(Rate{20, time.Minute})
		for want := 9; want >= 0; want-- {
			if more, err := p.Take(t.Context()); err != nil || more != want {
				t.Errorf("%d may follow, not %d; %v", more, want, err)
			}
		}
		start := time.Now()
		if more, _ := p.Take(t.Context()); more != 0 || time.Since(start) != 6*time.Second {
			t.Errorf("%d may follow after %s", more, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.Take(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if more, err := NewPace().Take(t.Context()); err != nil || more < 1000 {
			t.Error("without a rate", more, err)
		}
	})
}

func TestPacesAreThoseOfTheirTargets(t *testing.T) {
	p := &Paces{}
	one := p.Of("a", Rate{1, time.Second})
	if p.Of("a") != one || p.Of("b") == one {
		t.Error("targets do not have their own pace")
	}
}
