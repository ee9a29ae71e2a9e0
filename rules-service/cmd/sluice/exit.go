package main

import (
	"context"
	"errors"

	"github.com/alecthomas/kong"
)

// The exit codes, which scripts rely on.
const (
	exitRefused     = 1   // the service refused, or a check found something
	exitUsage       = 2   // the command line is wrong, or a file cannot be used
	exitUnreachable = 3   // no service answers
	exitToken       = 4   // the service wants a token, or another one
	exitInterrupted = 130 // Ctrl-C, as shells count it
)

// exitCode is that of the error, or else 1.
func exitCode(err error) int {
	var coder kong.ExitCoder
	if errors.As(err, &coder) {
		return coder.ExitCode()
	}
	if errors.Is(err, context.Canceled) {
		return exitInterrupted
	}
	return exitRefused
}

// usage is an error of the command line or of its files.
type usage struct{ error }

// Unwrap is the error itself.
func (e usage) Unwrap() error { return e.error }

// ExitCode implements kong.ExitCoder.
func (usage) ExitCode() int { return exitUsage }

// unreachable is the error of a service that does not answer.
type unreachable struct{ err error }

func (e *unreachable) Error() string { return e.err.Error() }

// Unwrap is why it does not answer.
func (e *unreachable) Unwrap() error { return e.err }

// ExitCode implements kong.ExitCoder.
func (*unreachable) ExitCode() int { return exitUnreachable }
