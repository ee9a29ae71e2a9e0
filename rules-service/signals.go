package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

// signals are those that end the service: the first one lets it come to an end,
// the second one does not wait for that.
type signals struct {
	came  chan os.Signal
	own   atomic.Int64 // that the service has sent itself
	first func()       // ends the context
}

// listen begins to listen; the context ends with the first signal.
func listen() (context.Context, *signals) {
	ctx, cancel := context.WithCancel(context.Background())
	s := &signals{came: make(chan os.Signal, 4), first: cancel}
	signal.Notify(s.came, os.Interrupt, syscall.SIGTERM)
	go s.watch(os.Exit)
	return ctx, s
}

func (s *signals) watch(end func(code int)) {
	if _, ok := <-s.came; !ok {
		return
	}
	s.first()
	for range s.came {
		if s.own.Add(-1) >= 0 {
			continue
		}
		s.own.Store(0)
		fmt.Fprintln(os.Stderr, "rules-service: a second signal: ended at once; what waited in memory for sinks is lost, what is on disk is not")
		end(1)
	}
}

func (s *signals) close() {
	signal.Stop(s.came)
	close(s.came)
}

// repeat gives the SDK the signal that came before it listened.
func (s *signals) repeat(ended <-chan struct{}) {
	tick := time.NewTicker(signalGrace)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return
		case <-tick.C:
			s.own.Add(1)
			_ = syscall.Kill(os.Getpid(), syscall.SIGTERM) // to the process itself it cannot fail
		}
	}
}
