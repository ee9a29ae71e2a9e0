package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const operations = "docs/operations.md"

// generated are the parts of the page that the program knows, by their marks.
func generated() map[string]string {
	var settings, without strings.Builder
	settings.WriteString("| Key | Variables | Default | Meaning |\n|---|---|---|---|\n")
	for i := range keys {
		k := &keys[i]
		doc := k.doc
		if k.live {
			doc += " *live*"
		}
		shown := k.shown(defaultSettings())
		if shown != "" {
			shown = "`" + shown + "`"
		}
		fmt.Fprintf(&settings, "| `%s` | `%s` | %s | %s |\n", k.name, strings.Join(k.variables(), "` `"), shown, doc)
	}
	without.WriteString("\n| Variables that begin with | Why |\n|---|---|\n")
	for _, e := range ineffective {
		fmt.Fprintf(&without, "| `%s%s` | %s |\n", kuiperPrefix, e.prefix, e.reason)
	}
	return map[string]string{"settings": settings.String(), "ineffective": without.String()}
}

// TestOperationsPage compares the page with the program; -update rewrites it.
func TestOperationsPage(t *testing.T) {
	b, err := os.ReadFile(operations)
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	parts := generated()
	parts["figures"] = figuresOf(t)
	for mark, text := range parts {
		begin, end := "<!-- "+mark+" -->\n", "<!-- end of "+mark+" -->"
		before, rest, ok := strings.Cut(page, begin)
		_, after, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("the page has no part %s", mark)
		}
		page = before + begin + text + end + after
	}
	if page == string(b) {
		return
	}
	if !*update {
		t.Fatalf("%s differs from the program; run go test ./rules-service -run TestOperationsPage -update", operations)
	}
	if err := os.WriteFile(operations, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
}

// figuresOf is a table of all metrics of a running service but those of the
// program itself.
func figuresOf(t *testing.T) string {
	p := launch(t, "", "CONNECTION__MQTT__C1__SERVER=tcp://127.0.0.1:1")
	p.call(t, 201, "POST", "/streams", ticks)
	p.call(t, 201, "POST", "/rules", `{"id":"r","sql":"SELECT a FROM ticks","actions":[{"mqtt":{"connectionSelector":"c1","topic":"t"}}]}`)
	text := p.until(t, "/metrics", `kuiper_conn_status_gauge{name="c1"} -1`)
	var rows []string
	for line := range strings.Lines(text) {
		name, help, _ := strings.Cut(strings.TrimSpace(strings.TrimPrefix(line, "# HELP ")), " ")
		if strings.HasPrefix(line, "# HELP ") && (strings.HasPrefix(name, "kuiper_") || strings.HasPrefix(name, "sluice_")) {
			rows = append(rows, fmt.Sprintf("| `%s` | %s |\n", name, help))
		}
	}
	slices.Sort(rows)
	return "| Metric | Meaning |\n|---|---|\n" + strings.Join(rows, "")
}

var fence = regexp.MustCompile("(?s)\n```console\n(.*?)```")

// TestOperationsCommands runs what the page shows, in its order, against one
// service.
func TestOperationsCommands(t *testing.T) {
	b, err := os.ReadFile(operations)
	if err != nil {
		t.Fatal(err)
	}
	p := launch(t, "  Authentication: \"true\"\n")
	token, err := os.ReadFile(p.dir + "/data/token")
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	for _, f := range fence.FindAllStringSubmatch(string(b), -1) {
		for _, step := range strings.Split("\n"+f[1], "\n$ ")[1:] {
			command, want, _ := strings.Cut(step, "\n")
			commands++
			command = strings.ReplaceAll(command, "localhost:59720", strings.TrimPrefix(p.api, "http://"))
			if !strings.Contains(command, "Authorization") { // the page speaks of a service on loopback
				command = strings.Replace(command, "curl ", "curl -H 'Authorization: "+strings.TrimSpace(string(token))+"' ", 1)
			}
			cmd := exec.Command("sh", "-c", command)
			cmd.Dir = p.dir
			out, err := cmd.CombinedOutput()
			if err != nil || strings.TrimSpace(string(out)) != strings.TrimSpace(want) {
				t.Errorf("$ %s\n%v\n got %s\nwant %s", command, err, out, want)
			}
		}
	}
	if commands < 10 {
		t.Errorf("only %d commands were run", commands)
	}
}
