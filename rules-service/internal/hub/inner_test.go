package hub

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// What comes from outside waits while rules are behind with what other rules
// send them.
func TestSourcesAreHeldBackByCongestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, demo)
		_, out := b.attach("r", "SELECT a FROM demo")
		backlog := b.reg.Congestion().NewBacklog(10)
		backlog.Add(20)
		start := time.Now()
		b.feeds.get("demo").send(`{"a":1}`)
		time.Sleep(time.Second)
		synctest.Wait()
		out.wantNothing(t)
		backlog.Add(-15)
		out.want(t, "a=1 ")
		if waited := time.Since(start); waited != time.Second {
			t.Errorf("held for %v", waited)
		}
		if err := b.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}
