package main

import (
	"bytes"
	"os"
	"testing"
)

func TestTerminals(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for name, stream := range map[string]any{"the null device": null, "a file": file, "a buffer": new(bytes.Buffer), "nothing": nil} {
		if isTerminal(stream) {
			t.Errorf("%s is taken for a terminal", name)
		}
	}
}

func TestOnlyTerminalsGetColoursAndProgress(t *testing.T) {
	const text = "--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new\n same\n"
	for _, c := range []struct {
		terminal       bool
		painted, noted string
	}{
		{false, text, ""},
		{true, "\x1b[31m--- a\x1b[0m\n\x1b[32m+++ b\x1b[0m\n\x1b[36m@@ -1 +1 @@\x1b[0m\n\x1b[31m-old\x1b[0m\n\x1b[32m+new\x1b[0m\n same\n", "\r\x1b[Kchecking 3 rules …\r\x1b[K"},
	} {
		var errs bytes.Buffer
		s := &session{errs: &errs, colour: c.terminal, busied: c.terminal}
		if got := s.painted(text); got != c.painted {
			t.Errorf("terminal %v: painted %q", c.terminal, got)
		}
		s.busy("checking %d rules", 3)()
		if got := errs.String(); got != c.noted {
			t.Errorf("terminal %v: told %q", c.terminal, got)
		}
	}
}
