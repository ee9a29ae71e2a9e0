package main

import (
	"context"
	"fmt"
	"io"
	"os"
)

// session is what commands work with.
type session struct {
	ctx       context.Context
	in        io.Reader
	out, errs io.Writer
	api       *client
	form      string // table, json or yaml

	asks   bool // somebody sits at in
	draws  bool // out is a terminal
	busied bool // errs is a terminal
	colour bool
}

// newSession works with the files of the process.
func newSession(ctx context.Context, c *command, stdin io.Reader, stdout, stderr io.Writer) (*session, error) {
	token, err := c.token()
	if err != nil {
		return nil, err
	}
	return &session{
		ctx: ctx, in: stdin, out: stdout, errs: stderr, api: newClient(c.Server, token), form: c.Output,
		asks: isTerminal(stdin), draws: isTerminal(stdout), busied: isTerminal(stderr),
		colour: isTerminal(stdout) && os.Getenv("NO_COLOR") == "",
	}, nil
}

// isTerminal tells whether a person reads or writes there.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull) // a character device too
	return err != nil || !os.SameFile(info, null)
}

// tables tells whether the output is for people.
func (s *session) tables() bool { return s.form == "table" }

// printf writes to the output. An output that takes nothing, such as a closed
// pipe, is no error of the command.
func (s *session) printf(format string, args ...any) { _, _ = fmt.Fprintf(s.out, format, args...) }

// notef tells something beside the output.
func (s *session) notef(format string, args ...any) { _, _ = fmt.Fprintf(s.errs, format, args...) }

// busy says what takes long, where somebody waits. Call the result when it is
// done.
func (s *session) busy(format string, args ...any) (done func()) {
	if !s.busied {
		return func() {}
	}
	const clearLine = "\r\x1b[K"
	s.notef(clearLine+format+" …", args...)
	return func() { s.notef(clearLine) }
}
