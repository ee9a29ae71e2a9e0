package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// The pages of the program that nobody needs are given up, and it goes on.
func TestReleaseProgram(t *testing.T) {
	before := fileResident(t)
	if err := releaseProgram(); err != nil {
		t.Fatal(err)
	}
	if after := fileResident(t); after >= before {
		t.Errorf("%d kB of files were resident, and are %d kB", before, after)
	}
	if out := fmt.Sprint(strings.Repeat("a", 3), 1.5, []int{1}); out != "aaa1.5 [1]" {
		t.Error(out)
	}
}

// fileResident is what is in memory of mapped files, in kB.
func fileResident(t *testing.T) (kB int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if n, _ := fmt.Sscanf(line, "RssFile: %d kB", &kB); n == 1 {
			return kB
		}
	}
	t.Fatal("no RssFile")
	return 0
}
