package api_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"sluice/rules-service/internal/apitest"
)

// example is a call in the documentation, with its answer.
var example = regexp.MustCompile("(?s)```http\n([A-Z]+) (\\S+)\n(.*?)\n?\n(\\d{3})\n(.*?)\n```")

// The examples of the documentation are run, in their order.
func TestExamplesInTheDocumentation(t *testing.T) {
	for _, page := range []string{"rules.md", "formats.md"} {
		t.Run(page, func(t *testing.T) { runExamples(t, "../../docs/"+page) })
	}
}

func runExamples(t *testing.T, page string) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{apitest.StartBuiltin(t, t.TempDir(), ""), t}
	calls := example.FindAllStringSubmatch(string(text), -1)
	if n := strings.Count(string(text), "```http"); len(calls) != n {
		t.Fatalf("%d of %d examples are of the form call, empty line, answer", len(calls), n)
	}
	for _, c := range calls {
		status, err := strconv.Atoi(c[4])
		if err != nil {
			t.Fatal(err)
		}
		got, answer, _ := b.Call(t, c[1], c[2], c[3])
		if got != status || strings.TrimSpace(answer) != c[5] {
			t.Errorf("%s %s\n%s\n got %d %s\nwant %d %s", c[1], c[2], c[3], got, answer, status, c[5])
		}
	}
}
