package hub

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
)

// A checkpoint waits for what was appended before it, not for the end of a flow
// in which one append is always under way.
func TestSettleWhileMessagesFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := newIntake(IntakeOptions{}, slog.New(slog.DiscardHandler), func() {})
		appends := func() {
			in.mu.Lock()
			in.begun++
			in.mu.Unlock()
		}
		answer := func() { in.answer(&receipt{answer: func(error) {}}, nil) }
		settled := make(chan error, 1)
		appends()
		appends()
		go func() {
			_, err := in.settle(t.Context())
			settled <- err
		}()
		synctest.Wait()
		appends()
		answer()
		synctest.Wait()
		if len(settled) > 0 {
			t.Fatal("settled before the disk had all that was appended")
		}
		appends()
		answer()
		synctest.Wait()
		select {
		case err := <-settled:
			if err != nil {
				t.Fatal(err)
			}
		default:
			t.Fatal("it waits for appends that came later")
		}

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := in.settle(ctx); err == nil {
			t.Error("settled while two appends are under way")
		}
		if n := len(in.settling); n > 0 {
			t.Errorf("%d still wait", n)
		}
	})
}
