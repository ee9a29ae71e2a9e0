package main

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
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

// raceAtExit keeps the race detector from waiting a second at the end of each
// process: scripts run hundreds of them.
const raceAtExit = "GORACE=atexit_sleep_ms=0"

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
	other := otherServer(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			serve(env, "SLUICE_SERVER", "")
			env.Vars = append(env.Vars, raceAtExit)
			serve(env, "PROTECTED", "sesame")
			env.Setenv("OTHER", other)
			env.Setenv("OTHERHOST", strings.TrimPrefix(other, "http://"))
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"send":     func(ts *testscript.TestScript, _ bool, args []string) { service(ts).Send(t, args...) },
			"execcode": func(ts *testscript.TestScript, _ bool, args []string) { execCode(ts, args[0], args[1:]) },
			"until":    func(ts *testscript.TestScript, _ bool, args []string) { until(ts, args[0], args[1:]) },
			"want":     func(ts *testscript.TestScript, _ bool, args []string) { service(ts).Want(t, args[0]) },
		},
		UpdateScripts: os.Getenv("UPDATE") != "",
	})
}

// patience is far above what anything takes on a slow machine.
const patience = time.Minute

// until runs a command that only looks until its output matches: what a service
// does in the background may not be done yet.
func until(ts *testscript.TestScript, pattern string, args []string) {
	wanted := regexp.MustCompile("(?m)" + pattern)
	for deadline := time.Now().Add(patience); ; {
		err := ts.Exec(args[0], args[1:]...)
		out := ts.ReadFile("stdout")
		switch {
		case err == nil && wanted.MatchString(out):
			return
		case time.Now().After(deadline):
			ts.Fatalf("%q ends with %v and prints\n%swhich never matches %s", args, err, out, pattern)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// otherServer is one that is no rules service: it has a page, and other JSON.
func otherServer(t *testing.T) string {
	mux := http.NewServeMux()
	mux.HandleFunc("/json/", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"hello": 1}`) })
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "<html>nothing here</html>")
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

// execCode runs a command that must end with this exit code.
func execCode(ts *testscript.TestScript, want string, args []string) {
	err := ts.Exec(args[0], args[1:]...)
	var ended *exec.ExitError
	if !errors.As(err, &ended) || strconv.Itoa(ended.ExitCode()) != want {
		ts.Fatalf("%q ends with %v, want exit code %s", args, err, want)
	}
}
