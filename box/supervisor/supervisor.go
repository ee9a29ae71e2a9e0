// Package supervisor runs the services of the box as child processes: it
// passes their logs on, starts again what ends, and leaves no process behind.
package supervisor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"
)

// Process is a program to be kept running.
type Process struct {
	Name string // in front of its log lines
	Path string
	Args []string
	Dir  string
	Env  []string // added to the environment of the box
}

// Options of a Supervisor. The zero value of a field means its default.
type Options struct {
	// Line gets each line that a process writes. It is called by several
	// goroutines.
	Line func(process, line string)
	// Event gets what happens to the processes, once per change.
	Event func(process, text string)
	Grace time.Duration // between SIGTERM and SIGKILL; 10 s
	// Wait before the first restart (500 ms); it doubles up to MaxWait (30 s),
	// and starts anew once a process has run for Steady (1 min).
	Wait, MaxWait, Steady time.Duration
}

// Supervisor runs processes until its context ends.
type Supervisor struct {
	ctx     context.Context
	options Options
	running sync.WaitGroup
}

// New returns a supervisor whose processes end when ctx ends.
func New(ctx context.Context, o Options) *Supervisor {
	o.Grace = cmp.Or(o.Grace, 10*time.Second)
	o.Wait = cmp.Or(o.Wait, 500*time.Millisecond)
	o.MaxWait = cmp.Or(o.MaxWait, 30*time.Second)
	o.Steady = cmp.Or(o.Steady, time.Minute)
	if o.Line == nil {
		o.Line = func(string, string) {}
	}
	if o.Event == nil {
		o.Event = func(string, string) {}
	}
	return &Supervisor{ctx: ctx, options: o}
}

// Start runs a process and keeps it running. The error is that of the first
// start; later ones are told as events.
func (s *Supervisor) Start(p Process) error {
	first := make(chan error, 1)
	s.running.Go(func() { s.keep(p, first) })
	return <-first
}

// Wait returns when all processes have ended, after the context.
func (s *Supervisor) Wait() { s.running.Wait() }

func (s *Supervisor) keep(p Process, first chan<- error) {
	wait := s.options.Wait
	for attempt := 0; ; attempt++ {
		began := time.Now()
		c, err := start(p, s.options.Line)
		if attempt == 0 {
			first <- err
			if err != nil {
				return
			}
		}
		if err == nil {
			err = s.watch(c)
		}
		if s.ctx.Err() != nil {
			return
		}
		if time.Since(began) >= s.options.Steady {
			wait = s.options.Wait
		}
		s.options.Event(p.Name, fmt.Sprintf("ended: %s; starts again in %v", reason(err), wait))
		select {
		case <-s.ctx.Done():
			return
		case <-time.After(wait):
		}
		wait = min(2*wait, s.options.MaxWait)
	}
}

// watch returns when the process has ended, and makes it end with the context.
func (s *Supervisor) watch(c *child) error {
	select {
	case <-c.ended:
		return c.err
	case <-s.ctx.Done():
	}
	c.terminate()
	select {
	case <-c.ended:
	case <-time.After(s.options.Grace):
		c.kill()
		<-c.ended
	}
	return c.err
}

// reason words how a process ended.
func reason(err error) string {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "exit status 0"
	case errors.As(err, &exit):
		return exit.String()
	case errors.Is(err, os.ErrNotExist):
		return "its file is gone"
	}
	return err.Error()
}
