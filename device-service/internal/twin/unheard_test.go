package twin

import (
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// choosy is an edgecore that does not listen to one id.
type choosy struct {
	deaf    atomic.Value // the name of the device
	reports atomic.Int64 // of the others
}

func (*choosy) Watch(Device)                {}
func (*choosy) Forget(Device)               {}
func (*choosy) State(Device, State)         {}
func (*choosy) Record(Device, []Value) bool { return true }
func (*choosy) Close()                      {}

func (c *choosy) Report(d Device, _ []Value, done func(error)) {
	if d.Name == c.deaf.Load() {
		time.AfterFunc(answerWithin, func() { done(ErrSilent) })
		return
	}
	c.reports.Add(1)
	done(nil)
}

// A device whose id edgecore does not listen to is told of once, and is no
// reason to say everything of the others again.
func TestDeviceThatIsNotHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, lines := &choosy{}, &logs{}
		core.deaf.Store("old")
		b := New(Options{Interval: 100 * time.Second, Spacing: time.Second, Log: slog.New(slog.NewTextHandler(lines, nil))}, func(Twins) Transport { return core })
		defer b.Close()
		b.Add(Device{Name: "new", ID: "default/new"})
		b.Add(Device{Name: "old", ID: "old"})
		known := func() bool { return b.Status()[1].Known }
		b.Report("old", []Reading{{"a", "Int8", "1"}})
		const seconds = 50
		for i := range seconds {
			b.Report("new", []Reading{{"a", "Int8", fmt.Sprint(i)}})
			time.Sleep(time.Second)
		}
		if n := core.reports.Load(); n != seconds || known() {
			t.Errorf("%d reports of %d values, and the device that is not heard is known: %v", n, seconds, known())
		}
		if one, all := lines.count("not for this device"), lines.count("are not answered"); one != 1 || all != 0 {
			t.Errorf("%d and %d lines:\n%s", one, all, lines.b.String())
		}
		core.deaf.Store("")
		time.Sleep(60 * time.Second) // everything is said again in between
		if n := core.reports.Load(); n != seconds+2 || !known() {
			t.Errorf("%d reports after it is heard, and it is known: %v", n, known())
		}
	})
}
