package hub

import "sync"

// receipt answers the transport for one delivery: once the journal has it or,
// where the journal fails, once the rules and what queues behind them are done
// with it.
type receipt struct {
	answer func(error)

	mu       sync.Mutex
	unsafe   bool // the journal has failed
	finished bool // by the rules, with err
	err      error
}

// journaled hears from the journal.
func (r *receipt) journaled(err error) {
	if err == nil {
		r.answer(nil)
		return
	}
	r.mu.Lock()
	r.unsafe = true
	finished, err := r.finished, r.err
	r.mu.Unlock()
	if finished {
		r.answer(err)
	}
}

// delivered hears that the rules are done.
func (r *receipt) delivered(err error) {
	r.mu.Lock()
	r.finished, r.err = true, err
	unsafe := r.unsafe
	r.mu.Unlock()
	if unsafe {
		r.answer(err)
	}
}
