package guide

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBlocks(t *testing.T) {
	const page = "# Page\n\n```yaml a/b.yaml\nx: 1\n```\n\ntext\n```console\n$ one\n$ two $HOME\nthree\n\nfour\n```\n"
	want := []Block{{"yaml", "a/b.yaml", "x: 1\n"}, {"console", "", "$ one\n$ two $HOME\nthree\n\nfour\n"}}
	got := Blocks(page)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
	if diff := cmp.Diff([]Step{{"one", ""}, {"two $HOME", "three\n\nfour\n"}}, got[1].Steps()); diff != "" {
		t.Error(diff)
	}
}

func TestOutputs(t *testing.T) {
	for _, c := range []struct {
		page, output string
		want         bool
	}{
		{"", "", true},
		{"", "x", false},
		{"NAME  STATE\na     on\n", "NAME    STATE\na       on", true},
		{"NAME  STATE", "NAMESTATE", false},
		{"created … (1)", "created\nat noon (1)", false},
		{"created … (1)", "created at\nnoon (1)", true},
		{"a.b", "axb", false},
		{"a", "a\nb", false},
	} {
		if got := outputs(c.page).MatchString(c.output); got != c.want {
			t.Errorf("%q stands for %q: %v", c.page, c.output, got)
		}
	}
}
