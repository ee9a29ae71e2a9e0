package edgex

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/clients/logger"
)

// recorder is a LoggingClient that keeps what passes its level.
type recorder struct {
	logger.LoggingClient // unused methods
	level                string
	lines                []string
}

func (r *recorder) LogLevel() string { return r.level }

func (r *recorder) line(level, msg string, args []any) {
	r.lines = append(r.lines, strings.TrimSpace(level+" "+msg+" "+strings.Trim(fmt.Sprintf("%q", args), "[]")))
}

func (r *recorder) Trace(msg string, args ...any) { r.line("TRACE", msg, args) }
func (r *recorder) Debug(msg string, args ...any) { r.line("DEBUG", msg, args) }
func (r *recorder) Info(msg string, args ...any)  { r.line("INFO", msg, args) }
func (r *recorder) Warn(msg string, args ...any)  { r.line("WARN", msg, args) }
func (r *recorder) Error(msg string, args ...any) { r.line("ERROR", msg, args) }

func TestLogHandler(t *testing.T) {
	r := &recorder{level: "INFO"}
	log := newLogger(r)
	log.Debug("not now")
	log.Info("plain")
	log.With("device", "D").WithGroup("line").Warn("told", "number", 3, slog.Group("", "error", errors.New("x y")))
	log.WithGroup("a").WithGroup("").With(slog.Group("b", "c", 1)).Error("deep")
	r.level = "TRACE" // as the SDK sets it when Consul changes
	log.Debug("now")
	log.Log(t.Context(), levelTrace, "fine")
	r.level = "ERROR"
	log.Warn("no more")
	want := []string{
		`INFO plain`,
		`WARN told "device" "D" "line.number" "3" "line.error" "x y"`,
		`ERROR deep "a.b.c" "1"`,
		`DEBUG now`,
		`TRACE fine`,
	}
	if !slices.Equal(r.lines, want) {
		t.Errorf("got\n%s", strings.Join(r.lines, "\n"))
	}
}

func TestFaultsLogOncePerChange(t *testing.T) {
	r := &recorder{level: "INFO"}
	f := newFaults(newLogger(r))
	dead, denied := errors.New("no answer"), errors.New("denied")
	for _, err := range []error{nil, dead, dead, denied, denied, nil, nil, dead} {
		f.report("D", "A", err)
	}
	f.report("D", "", dead)
	f.forget("D")
	f.report("D", "A", nil)
	want := []string{
		`WARN not read "device" "D" "resource" "A" "error" "no answer"`,
		`WARN not read "device" "D" "resource" "A" "error" "denied"`,
		`INFO read again "device" "D" "resource" "A"`,
		`WARN not read "device" "D" "resource" "A" "error" "no answer"`,
		`WARN not read "device" "D" "error" "no answer"`,
	}
	if !slices.Equal(r.lines, want) {
		t.Errorf("got\n%s", strings.Join(r.lines, "\n"))
	}
}

func TestJoinProvider(t *testing.T) {
	for in, want := range map[string]string{
		"x -cp consul.http://h:8500 -r":   "x -cp=consul.http://h:8500 -r",
		"x --configProvider c.http://h:1": "x --configProvider=c.http://h:1",
		"x -cp=c.http://h:1 -r":           "x -cp=c.http://h:1 -r",
		"x -cp -r":                        "x -cp -r",
		"x cp a://b":                      "x cp a://b",
		"x -cp":                           "x -cp",
	} {
		if got := strings.Join(joinProvider(strings.Fields(in)), " "); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestAnswer(t *testing.T) {
	s := Service{Key: "device-x", Version: "1.2", Summary: "does x."}
	for _, arg := range []string{"-h", "--help"} {
		var out bytes.Buffer
		if !answer(s, []string{"-cd", "res", arg}, &out) {
			t.Errorf("%s is not answered", arg)
		}
		for _, want := range []string{"device-x 1.2: does x.", "-cc common.yaml", "EDGEX_SECURITY_SECRET_STORE=false", "res/devices"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("help lacks %q:\n%s", want, out.String())
			}
		}
	}
	var out bytes.Buffer
	if !answer(s, []string{"--version"}, &out) || out.String() != "device-x 1.2\n" {
		t.Errorf("version: %q", out.String())
	}
	if answer(s, []string{"-cd", "res"}, &out) {
		t.Error("a start was taken for a question")
	}
}
