package modbus

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/device-service/internal/driver"
)

func TestTurnsAreFair(t *testing.T) {
	onFakeLine(t, Options{}, -1, 3, func(t *testing.T, d *Driver, f *fakeLine, _ func() []string) {
		var wg sync.WaitGroup
		ask := func(unit, start int) {
			wg.Go(func() {
				if err := read(d, unit, start); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait() // it is queued, or being served
		}
		for _, a := range [][2]int{{1, 1}, {1, 2}, {1, 3}, {1, 4}, {2, 1}, {2, 2}, {3, 1}} {
			ask(a[0], a[1])
		}
		wg.Wait()
		want := []string{"read 1@1", "read 2@1", "read 1@2", "read 1@3", "read 3@1", "read 2@2", "read 4@1"}
		got := f.take()
		slices.Sort(want[3:6]) // unit1 is ahead of the others by the one under way
		slices.Sort(got[3:6])
		if !slices.Equal(got, want) {
			t.Errorf("order %v, want %v", got, want)
		}
	})
}

func TestQueueIsBounded(t *testing.T) {
	onFakeLine(t, Options{Queue: 3}, -1, 2, func(t *testing.T, d *Driver, f *fakeLine, _ func() []string) {
		errs := make(chan error, 10)
		for range 10 {
			go func() { errs <- read(d, 1, 1) }()
		}
		synctest.Wait()
		if err := read(d, 2, 1); err != nil {
			t.Errorf("the other device: %v", err)
		}
		busy := 0
		for range 10 {
			if err := <-errs; errors.Is(err, driver.ErrBusy) {
				busy++
			} else if err != nil {
				t.Error(err)
			}
		}
		if busy < 6 || busy > 7 { // three wait, and one may be under way
			t.Errorf("%d of 10 were refused", busy)
		}
	})
}

func TestAbandonedRequestsAreNotMade(t *testing.T) {
	onFakeLine(t, Options{}, -1, 1, func(t *testing.T, d *Driver, f *fakeLine, _ func() []string) {
		go func() { _ = read(d, 1, 1) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := d.Read(ctx, "unit1", []driver.Resource{word(2)}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("read: %v", err)
		}
		if err := read(d, 1, 3); err != nil {
			t.Error(err)
		}
		if got := f.take(); !slices.Equal(got, []string{"read 1@1", "read 3@1"}) {
			t.Errorf("requests %v", got)
		}
	})
}
