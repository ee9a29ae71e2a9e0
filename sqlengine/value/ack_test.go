package value

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

func TestAckOnce(t *testing.T) {
	var calls atomic.Int32
	a := NewAck(func(err error) {
		calls.Add(1)
		if err != nil {
			t.Errorf("acknowledged with %v", err)
		}
	})
	var group sync.WaitGroup
	for range 50 {
		a.Hold()
		group.Go(func() {
			a.Hold()
			a.Release(nil)
			a.Release(nil)
		})
	}
	group.Wait()
	if calls.Load() != 0 {
		t.Fatal("acknowledged while held")
	}
	a.Release(nil)
	if calls.Load() != 1 {
		t.Fatalf("acknowledged %d times", calls.Load())
	}
}

func TestAckGivesTheFirstError(t *testing.T) {
	first, got := errors.New("first"), error(nil)
	a := NewAck(func(err error) { got = err })
	a.Hold()
	a.Hold()
	a.Release(first)
	a.Release(errors.New("second"))
	a.Release(nil)
	if got != first {
		t.Errorf("acknowledged with %v", got)
	}
}

func TestAckReleasedTooOften(t *testing.T) {
	a := NewAck(func(error) {})
	a.Release(nil)
	defer func() {
		if recover() == nil {
			t.Error("a release without a hold went unnoticed")
		}
	}()
	a.Release(nil)
}

func TestNilAck(t *testing.T) {
	var a *Ack
	a.Hold()
	a.Release(errors.New("ignored"))
}
