package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"sluice/rules-service/internal/apitest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sluice": main})
}

// Each script has a service of its own; send and want reach its source and
// sink in memory.
func TestScripts(t *testing.T) {
	var services sync.Map // by URL: scripts run side by side
	serve := func(env *testscript.Env, name, token string) {
		s := apitest.Start(t, t.TempDir(), token)
		services.Store(s.URL, s)
		env.Setenv(name, s.URL)
	}
	service := func(ts *testscript.TestScript) *apitest.Service {
		s, ok := services.Load(ts.Getenv("SLUICE_SERVER"))
		if !ok {
			ts.Fatalf("SLUICE_SERVER is no service of this test")
		}
		return s.(*apitest.Service)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			serve(env, "SLUICE_SERVER", "")
			serve(env, "PROTECTED", "sesame")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"send":     func(ts *testscript.TestScript, _ bool, args []string) { service(ts).Send(t, args...) },
			"execcode": func(ts *testscript.TestScript, _ bool, args []string) { execCode(ts, args[0], args[1:]) },
			"want":     func(ts *testscript.TestScript, _ bool, args []string) { service(ts).Want(t, args[0]) },
		},
		UpdateScripts: os.Getenv("UPDATE") != "",
	})
}

// execCode runs a command that must end with this exit code.
func execCode(ts *testscript.TestScript, want string, args []string) {
	err := ts.Exec(args[0], args[1:]...)
	var ended *exec.ExitError
	if !errors.As(err, &ended) || strconv.Itoa(ended.ExitCode()) != want {
		ts.Fatalf("%q ends with %v, want exit code %s", args, err, want)
	}
}

// stopper ends a watch when it has printed often enough.
type stopper struct {
	looks int
	stop  func()
}

func (w *stopper) Write(p []byte) (int, error) {
	if strings.HasPrefix(string(p), "RULE") {
		if w.looks++; w.looks == 3 {
			w.stop()
		}
	}
	return len(p), nil
}

func TestWatch(t *testing.T) {
	service := apitest.Start(t, t.TempDir(), "")
	ctx, cancel := context.WithCancel(t.Context())
	out := &stopper{stop: cancel}
	s := &session{ctx: ctx, out: out, api: newClient(service.URL, "")}
	if err := (&statusCmd{Watch: true, Every: time.Millisecond}).Run(s); err != nil {
		t.Error(err)
	}
	if out.looks != 3 {
		t.Errorf("%d looks", out.looks)
	}
}
