package hub

import (
	"testing"
	"testing/synctest"
	"time"
)

// A rule that changes holds its source back, but not the others for long.
func TestKeepHoldsBackForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, demo)
		_, out := b.attach("r", "SELECT a FROM demo")
		release := b.Keep([]string{"demo"})
		b.feeds.get("demo").send(`{"a":1}`)
		time.Sleep(holdTimeout - time.Millisecond)
		synctest.Wait()
		out.wantNothing(t)
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		out.want(t, "a=1 ")
		release()

		other := b.Keep([]string{"demo"})
		b.Keep([]string{"demo"})()
		b.feeds.get("demo").send(`{"a":2}`)
		synctest.Wait()
		out.wantNothing(t)
		other()
		out.want(t, "a=2 ")
	})
}

// A delivery that cannot pass holds up the change of a rule for a moment only.
func TestKeepWaitsNoLongerForADelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, demo)
		_, out := b.attach("r", "SELECT a FROM demo")
		hold := make(chan struct{})
		out.fail = func() error { <-hold; return nil }
		for range queueLength + 2 { // one is at the rule, one waits for room
			b.feeds.get("demo").send(`{"a":1}`)
		}
		synctest.Wait()
		start := time.Now()
		b.Keep([]string{"demo"})()
		if took := time.Since(start); took > holdTimeout {
			t.Errorf("it took %v", took)
		}
		close(hold)
		for range queueLength + 2 {
			out.want(t, "a=1 ")
		}
	})
}
