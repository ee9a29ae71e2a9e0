package connector

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// waited is how long what comes from outside is held back.
func waited(c *Congestion) time.Duration {
	start := time.Now()
	c.Wait(context.Background())
	return time.Since(start)
}

func TestCongestionHoldsBackUntilTheBacklogIsShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Congestion
		b, other := c.NewBacklog(10), c.NewBacklog(10)
		b.Add(10)
		if d := waited(&c); d != 0 {
			t.Errorf("held for %v by a backlog within its limit", d)
		}
		b.Add(1)
		other.Add(11)
		go func() {
			for range 11 {
				time.Sleep(time.Second)
				b.Add(-1)
				other.Add(-1)
			}
		}()
		if d := waited(&c); d != 6*time.Second { // then 5 are left of each
			t.Errorf("held for %v", d)
		}
		synctest.Wait()
		time.Sleep(time.Minute)
		if n := c.behind.Load(); n != 0 {
			t.Errorf("%d are behind", n)
		}
	})
}

// A rule that sends itself more than it takes holds nobody back for ever.
func TestCongestionGivesUpOnABacklogThatOnlyGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Congestion
		loop := c.NewBacklog(10)
		loop.Add(100)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for ctx.Err() == nil {
				time.Sleep(100 * time.Millisecond)
				loop.Add(1)
			}
		}()
		if d := waited(&c); d != holdPatience {
			t.Errorf("held for %v", d)
		}
		if d := waited(&c); d != 0 {
			t.Errorf("held again, for %v", d)
		}
		cancel()
		time.Sleep(time.Second)
		loop.Close()
		if n := c.behind.Load(); n != 0 {
			t.Errorf("%d are behind when all are closed", n)
		}
	})
}

func TestCongestionWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Congestion
		c.NewBacklog(1).Add(2)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		c.Wait(ctx)
		if d := time.Since(start); d != time.Second {
			t.Errorf("held for %v", d)
		}
	})
}

// Whoever adds and takes at the same moment, nobody is late in the end.
func TestCongestionUnderContention(t *testing.T) {
	var c Congestion
	var work sync.WaitGroup
	for range 4 {
		b := c.NewBacklog(3)
		for range 2 {
			work.Go(func() {
				for range 5000 {
					b.Add(4)
					b.Add(-4)
				}
			})
		}
	}
	work.Wait()
	if n := c.behind.Load(); n != 0 || len(c.late) != 0 {
		t.Errorf("%d are behind: %v", n, c.late)
	}
}
