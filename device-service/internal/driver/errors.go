package driver

import (
	"errors"
	"fmt"
)

var (
	// ErrReadOnly is why a resource that cannot be set was not written.
	ErrReadOnly = errors.New("read only")
	// ErrBusy is returned instead of queueing more requests than a device can answer.
	ErrBusy = errors.New("busy: too many requests are waiting")
	// ErrClosed is returned by a driver after Close.
	ErrClosed = errors.New("driver is closed")
)

// WriteError tells that one resource was not written. Write returns one for
// each, joined.
type WriteError struct {
	Resource string
	Err      error
}

func (e *WriteError) Error() string {
	return fmt.Sprintf("resource %q was not written: %v", e.Resource, e.Err)
}

func (e *WriteError) Unwrap() error { return e.Err }

// Findings lists the attribute errors in err, in their order, however they
// are joined and wrapped.
func Findings(err error) []*AttributeError { return collect[*AttributeError](err) }

// NotWritten lists the write errors in err, in their order, however they are
// joined and wrapped.
func NotWritten(err error) []*WriteError { return collect[*WriteError](err) }

func collect[E error](err error) []E {
	if found, ok := err.(E); ok { //nolint:errorlint // all are wanted, not the first
		return []E{found}
	}
	switch e := err.(type) { //nolint:errorlint // this unwraps
	case interface{ Unwrap() []error }:
		var all []E
		for _, part := range e.Unwrap() {
			all = append(all, collect[E](part)...)
		}
		return all
	case interface{ Unwrap() error }:
		return collect[E](e.Unwrap())
	}
	return nil
}
