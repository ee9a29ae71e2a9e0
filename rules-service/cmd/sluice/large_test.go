package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/rules-service/internal/apitest"
)

// TestApplyThousands: one file with 8,000 rules is applied in one call, applied
// again without a change, changed, and pruned.
func TestApplyThousands(t *testing.T) {
	const rules = 8000
	service := apitest.Start(t, t.TempDir(), "")
	file := filepath.Join(t.TempDir(), "rules.json")
	write := func(n, limit int) {
		var b strings.Builder
		b.WriteString(`{"streams": {"demo": "CREATE STREAM demo (a BIGINT) WITH (TYPE=\"memory\", FORMAT=\"json\", SHARED=\"true\")"}, "rules": {`)
		for i := range n {
			if i > 0 {
				b.WriteString(",\n")
			}
			fmt.Fprintf(&b, `"r%04d": {"sql": "SELECT a FROM demo WHERE a > %d", "triggered": false, "actions": [{"memory": {"topic": "t"}}]}`, i, limit)
		}
		b.WriteString("}}")
		if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(want string, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		args = append([]string{"-s", service.URL}, args...)
		if code := execute(args, strings.NewReader(""), &out, &errs); code != 0 || errs.Len() > 0 {
			t.Fatalf("%v ends with %d\n%s", args, code, errs.String())
		}
		last := out.String()[strings.LastIndexByte(strings.TrimSpace(out.String()), '\n')+1:]
		if strings.TrimSpace(last) != want {
			t.Errorf("%v ends with %q, want %q", args, last, want)
		}
		return out.String()
	}
	write(rules, 1)
	run("applied: 8001 created", "apply", "-f", file)
	run("nothing to change: 8001 unchanged", "apply", "-f", file)
	write(rules, 2)
	text := run("applied: 8000 updated, 1 unchanged", "apply", "-f", file)
	if n := strings.Count(text, `+  "sql": "SELECT a FROM demo WHERE a > 2",`); n != rules {
		t.Errorf("%d differences are shown, want %d", n, rules)
	}
	run("200 of 8000 rules; --limit, --search and --status show others", "status")
	run("r7999   stopped   0    0     0        0         0        0/0", "status", "--limit", "8000")
	write(1, 2)
	run("applied: 7999 deleted, 2 unchanged", "apply", "--prune", "-f", file)
	if _, list, _ := service.Call(t, "GET", "/rules", ""); strings.Count(list, `"id"`) != 1 {
		t.Errorf("left are %s", list)
	}
}
