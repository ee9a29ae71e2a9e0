package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sluice/tests/stack"
)

// follows is the setting of a folder that is looked at often.
func follows(folder string) string {
	return fmt.Sprintf("  Reconcile: {Folder: %q, Interval: 100ms}\n", folder)
}

// memoryStream is a file with a stream, and ruleOn one with a rule.
func memoryStream(name string) string {
	return fmt.Sprintf(`CREATE STREAM %s () WITH (TYPE="memory", FORMAT="json", DATASOURCE=%q)`, name, name)
}

func ruleOn(id, stream, condition string) string {
	return fmt.Sprintf(`{"id":%q,"sql":"SELECT * FROM %s WHERE %s","actions":[{"nop":{}}]}`, id, stream, condition)
}

// Files that come while the service is down, or change, or that it was killed
// over, are in effect when it is ready.
func TestFilesOfAServiceThatWasDown(t *testing.T) {
	folder := t.TempDir()
	p, args := configured(t, follows(folder))
	started := func() {
		t.Helper()
		p.begin(t, args, nil)
		stack.Answers(t, p.api+"/readyz")
	}
	const many = 500
	for i := range many {
		stack.WriteFile(t, folder, fmt.Sprintf("r%d.json", i), ruleOn(fmt.Sprintf("r%d", i), "demo", "a > 1"))
	}
	stack.WriteFile(t, folder, "demo.sql", memoryStream("demo"))
	stack.WriteFile(t, folder, "commands.json", `{"commands":[{"url":"/rules","method":"post","data":`+ruleOn("commanded", "demo", "a > 1")+`}]}`)
	began := time.Now()
	started()
	p.until(t, "/reconcile", fmt.Sprintf(`"counts":{"applied":%d,"failed":0,"pending":0}`, many+2))
	t.Logf("%d files were applied %v after the start of the process", many+2, time.Since(began).Round(time.Millisecond))
	p.until(t, "/rules/commanded/status", `"running"`)
	p.until(t, "/metrics", fmt.Sprintf(`sluice_reconcile_files{state="applied"} %d`, many+2))

	p.Kill()
	stack.WriteFile(t, folder, "r7.json", ruleOn("r7", "demo", "a > 7"))
	stack.WriteFile(t, folder, "late.sql", memoryStream("late"))
	if err := os.Remove(filepath.Join(folder, "commands.json")); err != nil {
		t.Fatal(err)
	}
	started()
	p.until(t, "/rules/r7", "a > 7")
	p.until(t, "/streams/late", "late")
	p.until(t, "/reconcile", fmt.Sprintf(`"counts":{"applied":%d,"failed":0,"pending":0}`, many+2))
	if text := p.until(t, "/reconcile", `"leftovers"`); !strings.Contains(text, `{"definition":"rule commanded","file":"commands.json"}`) {
		t.Errorf("%.300s", text)
	}
	if log := p.Output(); strings.Count(log, "a file with definitions was applied") != 2 {
		t.Errorf("more files were applied than have changed:\n%s", log)
	}
}

// A service that is killed while it applies files has them after the next
// start, and knows which file brought what.
func TestKillWhileFilesAreApplied(t *testing.T) {
	folder := t.TempDir()
	p, args := configured(t, follows(folder)[:len(follows(folder))-2]+", Prune: true}\n")
	for round := range 5 {
		for i := range 50 {
			stack.WriteFile(t, folder, fmt.Sprintf("f%d.json", i), fmt.Sprintf(`{"streams":{"s%d":%q},"rules":{"r%d":%s}}`, i, memoryStream(fmt.Sprintf("s%d", i)), i,
				ruleOn(fmt.Sprintf("r%d", i), fmt.Sprintf("s%d", i), fmt.Sprintf("a > %d", round))))
		}
		p.begin(t, args, nil)
		stack.Answers(t, p.api+"/ping")
		time.Sleep(time.Duration(round) * 300 * time.Millisecond) // at any moment
		p.Kill()
	}
	p.begin(t, args, nil)
	p.until(t, "/reconcile", `"counts":{"applied":50,"failed":0,"pending":0}`)
	p.until(t, "/rules/r49", "a > 4")
	for i := range 49 {
		if err := os.Remove(filepath.Join(folder, fmt.Sprintf("f%d.json", i))); err != nil {
			t.Fatal(err)
		}
	}
	p.until(t, "/reconcile", `"counts":{"applied":1,"failed":0,"pending":0}`)
	stack.Eventually(t, func(ctx context.Context) error {
		_, text, err := stack.Call(ctx, "GET", p.api+"/streams", "")
		if err == nil && strings.TrimSpace(text) != `["s49"]` {
			err = fmt.Errorf("streams are left: %s", text)
		}
		return err
	})
}

const reconcilePage = "docs/reconcile.md"

// The page's files and commands, in their order, against one service. In what is
// printed … stands for anything.
func TestReconcilePage(t *testing.T) {
	b, err := os.ReadFile(reconcilePage)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	p := launch(t, follows(folder)[:len(follows(folder))-2]+", Prune: true}\n")
	files, commands := 0, 0
	for i, block := range strings.Split(string(b), "\n```") {
		head, text, _ := strings.Cut(block, "\n")
		kind, name, _ := strings.Cut(head, " ")
		switch {
		case i%2 == 0:
		case kind == "console":
			commands += p.follow(t, folder, text)
		case strings.HasPrefix(name, "rules.d/"):
			stack.WriteFile(t, folder, strings.TrimPrefix(name, "rules.d/"), text+"\n")
			files++
		}
	}
	if files < 4 || commands < 6 {
		t.Errorf("only %d files and %d commands", files, commands)
	}
}

// follow runs commands until they print what the page says: the service takes
// its time to see a file.
func (p *process) follow(t *testing.T, folder, console string) (commands int) {
	t.Helper()
	for _, step := range strings.Split("\n"+console, "\n$ ")[1:] {
		command, want, _ := strings.Cut(step, "\n")
		pattern := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(want)), "…", "(?s:.*)") + "$")
		commands++
		command = strings.ReplaceAll(command, "localhost:59720", strings.TrimPrefix(p.api, "http://"))
		stack.Eventually(t, func(ctx context.Context) error {
			cmd := exec.CommandContext(ctx, "sh", "-c", command)
			cmd.Dir = filepath.Dir(folder)
			cmd.Env = append(os.Environ(), "FOLDER="+folder)
			out, err := cmd.CombinedOutput()
			if err == nil && !pattern.MatchString(strings.TrimSpace(string(out))) {
				err = fmt.Errorf("$ %s\n got %s\nwant %s", command, out, want)
			}
			return err
		})
	}
	return commands
}

// The section of the sample configuration is right, and asks for nothing.
func TestReconcileSettings(t *testing.T) {
	s, _, err := readSettings(map[string]any{"Reconcile": map[string]any{"Folder": "/etc/rules.d", "Interval": "3s", "Prune": "true", "CorrectDrift": true}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(s.Reconcile)
	if err != nil || string(text) != `{"Folder":"/etc/rules.d","Interval":3000000000,"Prune":true,"CorrectDrift":true}` {
		t.Error(string(text), err)
	}
	if _, _, err = readSettings(map[string]any{"Reconcile": map[string]any{"Interval": "0s"}}, nil); err == nil || err.Error() != "Rules.Reconcile.Interval: 0s must be above 0" {
		t.Error(err)
	}
}
