package drivertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"sluice/device-service/internal/driver"
)

func cancelledRead(t *testing.T, b *Bench) {
	b.add(t, b.device())
	b.readGood(t, b.device())

	done, cancel := context.WithCancel(t.Context())
	cancel()
	promptly(t, "read with a context that is done", func() {
		if _, err := b.Driver.Read(done, b.device().Name, b.resources()); !errors.Is(err, context.Canceled) {
			t.Errorf("read with a context that is done: %v", err)
		}
	})

	b.Silence(true)
	defer b.Silence(false)
	promptly(t, "cancelled read", func() {
		ctx, cancel := context.WithCancel(t.Context())
		defer time.AfterFunc(20*time.Millisecond, cancel).Stop()
		if _, err := b.Driver.Read(ctx, b.device().Name, b.resources()); err == nil {
			t.Error("read of a silent peer succeeded")
		}
	})
	promptly(t, "read with a deadline", func() {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if err := b.Driver.Write(ctx, b.device().Name, b.Writes); err == nil {
			t.Error("write to a silent peer succeeded")
		}
	})
}

func lateAnswers(t *testing.T, b *Bench) {
	b.add(t, b.device())
	b.readGood(t, b.device())
	for range 3 {
		b.Silence(true)
		for _, k := range b.Known {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			if _, err := b.Driver.Read(ctx, b.device().Name, []driver.Resource{k.Resource}); err == nil {
				t.Error("read of a silent peer succeeded")
			}
			cancel()
		}
		b.Silence(false)
		b.readGood(t, b.device())
		for _, k := range b.Known {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			readings, err := b.Driver.Read(ctx, b.device().Name, []driver.Resource{k.Resource})
			cancel()
			if err != nil {
				continue // the driver may still be getting over the silence
			}
			checkReading(t, readings[0], k)
		}
	}
}

func deadPeerAtAdd(t *testing.T, b *Bench) {
	b.Stop()
	promptly(t, "add of a dead device", func() { b.add(t, b.device()) })
	if _, err := b.read(b.device()); err == nil {
		t.Error("read of a dead device succeeded")
	}
	b.Start()
	b.readGood(t, b.device())
}

func peerKilledAndBack(t *testing.T, b *Bench) {
	s := b.watch(t)
	nothing := func() {}
	b.add(t, b.device())
	b.readGood(t, b.device())
	s.await(t, true, nothing)

	b.Stop()
	s.await(t, false, func() { _, _ = b.read(b.device()) })
	for range 20 { // each failure is one more chance to tell the same state again
		if _, err := b.read(b.device()); err == nil {
			t.Error("read of a dead device succeeded")
		}
		time.Sleep(5 * time.Millisecond)
	}
	b.Start()
	s.await(t, true, nothing) // it recovers without being asked
	b.readGood(t, b.device())
	s.want(t, true, false, true)
}

func silentPeerAndBack(t *testing.T, b *Bench) {
	s := b.watch(t)
	b.add(t, b.device())
	b.readGood(t, b.device())
	s.await(t, true, func() {})

	b.Silence(true)
	s.await(t, false, func() { _, _ = b.read(b.device()) })
	b.Silence(false)
	s.await(t, true, func() {})
	b.readGood(t, b.device())
	s.want(t, true, false, true)
}
