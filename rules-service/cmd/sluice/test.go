package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sluice/sqlengine/sqltest"
)

// testCmd runs test cases.
type testCmd struct {
	Files   []string `arg:"" help:"Cases; of folders all *.txtar files in them, and patterns such as 'tests/*.txtar'."`
	Update  bool     `short:"u" help:"Write what really comes out into the cases that fail. Read it before you keep it."`
	Verbose bool     `short:"v" help:"Show what came out of each case."`
}

// Help teaches the form of a case.
func (*testCmd) Help() string {
	return `A case is a text file with streams, a rule or its query, rows with the times at which they arrive, and what must come out.
No service is needed: time passes as the case says. For example hot.txtar:

  # Two readings above 80 in ten seconds raise an alarm.
  -- streams --
  CREATE STREAM demo () WITH (TYPE="edgex", FORMAT="JSON");
  -- query --
  SELECT meta(deviceName) AS device, count(*) AS n FROM demo WHERE Temperature > 80
  GROUP BY device, TUMBLINGWINDOW(ss, 10) HAVING count(*) >= 2
  -- input --
  demo @1s {"Temperature":81.5} meta {"deviceName":"boiler-1"}
  demo @2s {"Temperature":79.0} meta {"deviceName":"boiler-2"}
  demo @6s {"Temperature":90.2} meta {"deviceName":"boiler-1"}
  advance 10s
  -- output --
  @10s [{"device":"boiler-1","n":2}]

  sluice test hot.txtar            ok, or what was expected (-) and what came (+)
  sluice test --update hot.txtar   write the output instead of typing it

Instead of -- query -- a case may have -- rule -- with the JSON of a rule, or with a line "file hot.json": the rule as it is
deployed. "file streams.sql" works below -- streams -- too. All sections are explained in sqlengine/docs/testing.md.
Exits with 1 when a case fails, and with 2 when one cannot be run.`
}

// Run runs all cases and shows how they went.
func (c *testCmd) Run(s *session) error {
	files, err := caseFiles(c.Files)
	if err != nil {
		return usage{err}
	}
	t := tester{session: s, update: c.Update, verbose: c.Verbose}
	for _, file := range files {
		if err := s.ctx.Err(); err != nil {
			return usage{fmt.Errorf("stopped after %d of %d cases: %w", t.ran, len(files), err)}
		}
		t.run(file)
	}
	return t.summary()
}

// tester runs cases and counts them.
type tester struct {
	*session
	update, verbose            bool
	ran, failed, broken, wrote int
	cases                      []caseResult
}

// caseResult is how a case went, for programs.
type caseResult struct {
	File  string `json:"file"`
	State string `json:"state"` // ok, FAIL, ERROR or wrote
	Text  string `json:"text,omitempty"`
}

func (t *tester) run(file string) {
	t.ran++
	want, got, err := play(file)
	if err != nil {
		t.broken++
		t.show("ERROR", file, err.Error())
		return
	}
	diff := want.Diff(got)
	switch {
	case diff == "":
		t.show("ok", file, t.details(got))
	case t.update:
		t.rewrite(file, got)
	default:
		t.failed++
		t.show("FAIL", file, diff)
	}
}

func play(file string) (want, got *sqltest.Case, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	if want, err = sqltest.Parse(file, data); err != nil {
		return nil, nil, err
	}
	got, err = want.Run()
	return want, got, err
}

func (t *tester) rewrite(file string, got *sqltest.Case) {
	if err := os.WriteFile(file, []byte(got.Format()), 0o644); err != nil {
		t.broken++
		t.show("ERROR", file, err.Error())
		return
	}
	t.wrote++
	t.show("wrote", file, t.details(got))
}

func (t *tester) details(got *sqltest.Case) string {
	if !t.verbose {
		return ""
	}
	return got.Results()
}

// show prints how a case went, and below it what there is to tell.
func (t *tester) show(state, file, text string) {
	t.cases = append(t.cases, caseResult{file, state, text})
	if !t.tables() {
		return // all of them come at the end
	}
	t.printf("%-5s  %s\n", state, file)
	for line := range strings.Lines(text) {
		t.printf("       %s\n", strings.TrimSuffix(line, "\n"))
	}
}

func (t *tester) summary() error {
	if !t.tables() {
		if err := t.session.show(map[string][]caseResult{"cases": t.cases}); err != nil {
			return err
		}
	}
	if t.failed+t.broken == 0 {
		if t.tables() {
			t.printf("cases: %d, %s\n", t.ran, t.verdict())
		}
		return nil
	}
	err := fmt.Errorf("cases: %d, failed: %d, not to be run: %d", t.ran, t.failed, t.broken)
	if t.broken > 0 {
		return usage{err}
	}
	return err
}

func (t *tester) verdict() string {
	if t.wrote > 0 {
		return fmt.Sprintf("written: %d; read them before you keep them", t.wrote)
	}
	return "all right"
}

// caseFiles are the files that the arguments mean, each once, in order.
func caseFiles(args []string) ([]string, error) {
	var files []string
	for _, arg := range args {
		found, err := casesOf(arg)
		if err != nil {
			return nil, err
		}
		for _, file := range found {
			if !slices.Contains(files, file) {
				files = append(files, file)
			}
		}
	}
	return files, nil
}

// casesOf are the files of one argument: a file, all cases of a folder, or
// what a pattern matches.
func casesOf(arg string) ([]string, error) {
	info, err := os.Stat(arg)
	if errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(arg, "*?[") {
		found, err := filepath.Glob(arg)
		if err == nil && len(found) == 0 {
			err = errors.New("no file matches")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", arg, err)
		}
		return found, nil
	}
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{filepath.Clean(arg)}, nil
	}
	return casesIn(arg)
}

func casesIn(folder string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && filepath.Ext(path) == ".txtar" {
			found = append(found, path)
		}
		return err
	})
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%s: no *.txtar file is in it", folder)
	}
	return found, err
}
