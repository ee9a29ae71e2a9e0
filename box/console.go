package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"sync"

	"sluice/box/receivers"
)

// console writes whole lines: those of the box, of its children and of the
// alarms. It is safe for concurrent use.
type console struct {
	mu      sync.Mutex
	out     io.Writer
	colour  bool
	verbose bool
}

func newConsole(out *os.File, verbose bool) *console {
	info, err := out.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	return &console{out: out, colour: terminal && os.Getenv("NO_COLOR") == "", verbose: verbose}
}

// say writes text of the box itself.
func (c *console) say(format string, args ...any) {
	c.line(fmt.Sprintf(format, args...))
}

func (c *console) alarm(m receivers.Message) {
	if c.colour {
		c.line(m.ColourLine())
		return
	}
	c.line(m.Line())
}

// event writes what happened to a child.
func (c *console) event(process, text string) { c.line(fmt.Sprintf("%-13s  %s", process, text)) }

// child writes a log line of a child. Of lines with a level, only warnings
// and errors are shown unless all are wanted; those without one, such as a
// stack trace, always are.
func (c *console) child(process, line string) {
	if c.verbose || isLoud(line) {
		c.line(fmt.Sprintf("%-13s  %s", process, line))
	}
}

func (c *console) line(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = fmt.Fprintln(c.out, text) // a terminal that is gone must not end the plant
}

var logLevel = regexp.MustCompile(`\blevel=([A-Za-z]+)`)

func isLoud(line string) bool {
	m := logLevel.FindStringSubmatch(line)
	if m == nil {
		return true
	}
	switch strings.ToUpper(m[1]) {
	case "TRACE", "DEBUG", "INFO":
		return false
	}
	return true
}

// logger writes the log of the parts in this process.
func (c *console) logger() *slog.Logger {
	level := slog.LevelWarn
	if c.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(lineWriter{c}, &slog.HandlerOptions{Level: level})).With("app", "box")
}

// lineWriter takes the whole lines that a slog handler writes.
type lineWriter struct{ con *console }

func (w lineWriter) Write(p []byte) (int, error) {
	w.con.line(fmt.Sprintf("%-13s  %s", "box", strings.TrimSuffix(string(p), "\n")))
	return len(p), nil
}
