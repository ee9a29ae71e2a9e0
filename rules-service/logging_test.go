package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/clients/logger"
	"github.com/google/go-cmp/cmp"
)

// paper is a logging client that keeps what it is told.
type paper struct {
	logger.LoggingClient
	lines []string
}

func (p *paper) write(level, msg string, args []any) {
	p.lines = append(p.lines, fmt.Sprintf("%s %s %q", level, msg, args))
}
func (p *paper) Trace(msg string, args ...any) { p.write("trace", msg, args) }
func (p *paper) Debug(msg string, args ...any) { p.write("debug", msg, args) }
func (p *paper) Info(msg string, args ...any)  { p.write("info", msg, args) }
func (p *paper) Warn(msg string, args ...any)  { p.write("warn", msg, args) }
func (p *paper) Error(msg string, args ...any) { p.write("error", msg, args) }

type password string

func (password) LogValue() slog.Value { return slog.StringValue("<secret>") }

func TestRecordsGoThroughEdgeX(t *testing.T) {
	p := &paper{}
	log := slog.New(&edgexHandler{client: p})
	log.Log(t.Context(), levelTrace, "t")
	log.Debug("d", "n", 1)
	log.Info("i", "p", password("sesame"))
	log.With("a", "b c").WithGroup("g").With("x", true).Warn("w", slog.Group("h", "y", 2.5), "z", nil)
	log.WithGroup("").Error("e", "error", errors.New("boom"), slog.Group("", "in", "line"))
	want := []string{
		`trace t []`, `debug d ["n" "1"]`, `info i ["p" "<secret>"]`,
		`warn w ["a" "b c" "g.x" "true" "g.h.y" "2.5" "g.z" "<nil>"]`,
		`error e ["error" "boom" "in" "line"]`,
	}
	if diff := cmp.Diff(want, p.lines); diff != "" {
		t.Error(diff)
	}
}

// leveled is a client with a level.
type leveled struct {
	logger.LoggingClient
	level string
}

func (l *leveled) LogLevel() string { return l.level }

func TestRecordsAsJSON(t *testing.T) {
	var out bytes.Buffer
	client := &leveled{level: "INFO"}
	log := slog.New(newJSONHandler(&out, client))
	log.Debug("hidden")
	log.With("rule", "r1").Info("i", "p", password("sesame"))
	client.level = "TRACE" // as Writable.LogLevel changes
	log.WithGroup("g").Log(t.Context(), levelTrace, "t", "n", 1)
	client.level = "ERROR"
	log.Warn("hidden")
	var got []string
	for line := range strings.Lines(out.String()) {
		_, rest, _ := strings.Cut(line, `,"level":`)
		got = append(got, strings.TrimSpace(rest))
	}
	want := []string{`"INFO","msg":"i","rule":"r1","p":"<secret>"}`, `"TRACE","msg":"t","g":{"n":1}}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLevels(t *testing.T) {
	for name, want := range map[string]string{"": "", "Debug": "DEBUG", "warning": "WARN", "fatal": "ERROR", "TRACE": "TRACE"} {
		if got, err := edgexLevel(name); got != want || err != nil {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	for level, want := range map[string]slog.Level{"TRACE": levelTrace, "DEBUG": slog.LevelDebug, "INFO": slog.LevelInfo, "WARN": slog.LevelWarn, "ERROR": slog.LevelError, "": slog.LevelInfo} {
		if got := slogLevel(level); got != want {
			t.Errorf("%s: %v", level, got)
		}
	}
}
