package dmi

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

const (
	firstRetry = time.Second
	lastRetry  = time.Minute
	// answerTime is what a call of edgecore may take: it gives up after 10 s.
	answerTime = 8 * time.Second
)

// start gives an entry to a worker, or tells its worker of what is new.
func (r *registry) start(e *entry) {
	if e.working {
		signal(e.wake)
		return
	}
	e.working = true
	r.todo = append(r.todo, e)
	signal(r.ready)
}

// run starts workers until ctx ends, and waits for them.
func (r *registry) run(ctx context.Context) {
	var workers sync.WaitGroup
	defer workers.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.ready:
		}
		r.mu.Lock()
		todo := r.todo
		r.todo = nil
		r.mu.Unlock()
		for _, e := range todo {
			workers.Go(func() { r.work(ctx, e) })
		}
	}
}

// work makes the handler do what is wanted of a device until it is done.
func (r *registry) work(ctx context.Context, e *entry) {
	wait := firstRetry
	for {
		step := r.next(e)
		if step == nil {
			return
		}
		err := r.contain(ctx, step.do)
		if ctx.Err() != nil {
			return
		}
		r.done(e, step, err)
		if err == nil {
			wait = firstRetry
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-e.wake:
			wait = firstRetry
		case <-time.After(wait):
			wait = min(2*wait, lastRetry)
		}
	}
}

// step is one call of the handler and what it makes of the entry.
type step struct {
	what  string
	do    func(context.Context) error
	after func()
}

const (
	stepApply  = "apply"
	stepDesire = "desire"
	stepRemove = "remove"
)

// next is the next step of an entry, nil if there is none and the worker ends.
func (r *registry) next(e *entry) *step {
	r.mu.Lock()
	defer r.mu.Unlock()
	want, have := e.wanted, e.applied
	switch {
	case e.remove:
		return &step{stepRemove, func(ctx context.Context) error { return r.handler.Remove(ctx, e.id) }, func() { r.removed(e) }}
	case want == nil:
	case have == nil || have.definition != want.definition:
		return &step{stepApply, func(ctx context.Context) error { return r.handler.Apply(ctx, want.device) }, func() {
			e.applied = &version{device: want.device, definition: want.definition}
			e.applied.device.Desired = nil
			if have != nil {
				e.applied.device.Desired = have.device.Desired
			}
		}}
	default:
		if news := want.news(have); news != nil {
			return &step{stepDesire, func(ctx context.Context) error { return r.handler.Desire(ctx, e.id, news) }, func() { e.applied = want }}
		}
		e.applied = want
	}
	e.working = false
	return nil
}

// removed forgets an entry, unless its device is back.
func (r *registry) removed(e *entry) {
	e.applied, e.remove = nil, false
	if e.sent == nil {
		delete(r.devices, e.id)
		r.forget(e.id)
	}
}

// done notes what came of a step and tells who waits for it. It logs when a
// device begins to fail, for another reason, or no longer.
func (r *registry) done(e *entry, s *step, err error) {
	r.mu.Lock()
	before := e.failed
	e.failed = failure{}
	if err != nil {
		e.failed = failure{s.what, err.Error()}
	} else {
		s.after()
	}
	now := e.failed
	close(e.settled)
	e.settled = make(chan struct{})
	r.mu.Unlock()
	switch {
	case err != nil && now != before:
		r.log.Warn("device of edgecore is not as it should be; it is tried again", "device", e.id, "step", s.what, "err", err)
	case err == nil && before.step != "":
		r.log.Info("device of edgecore is as it should be", "device", e.id)
	}
}

// contain calls the handler in one of the slots and makes an error of a panic.
func (r *registry) contain(ctx context.Context, do func(context.Context) error) (err error) {
	select {
	case r.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() {
		<-r.slots
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
			r.log.Error("handler of devices panicked", "err", err, "stack", string(debug.Stack()))
		}
	}()
	return do(ctx)
}

// errLater answers edgecore while the handler is still at it.
var errLater = errors.New("is taken, and not yet done")

// await waits until a device is known to the handler, or away from it. Its
// desired values it does not wait for: a device that does not answer must not
// hold up edgecore, which makes one call after the other.
func (r *registry) await(ctx context.Context, e *entry) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	for {
		r.mu.Lock()
		settled := e.settled
		done := !e.remove && (e.wanted == nil || e.applied != nil && e.applied.definition == e.wanted.definition)
		r.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("device %s: %w", e.id, errLater)
		case <-settled:
		}
		r.mu.Lock()
		failed := e.failed
		r.mu.Unlock()
		if failed.step == stepApply || failed.step == stepRemove {
			return fmt.Errorf("device %s: %s: %s; it is tried again", e.id, failed.step, failed.reason)
		}
	}
}
