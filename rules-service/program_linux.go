package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// releaseProgram gives up the pages of the program's own file that are in
// memory: most are those of the start, which touches a little of every package,
// and the kernel brings 64 KiB for each touch. What is needed on comes back from
// the page cache by itself.
func releaseProgram() error {
	path, err := os.Executable()
	if err != nil {
		return err
	}
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		return err
	}
	defer f.Close()
	var start, end uintptr
	ours := false
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := lines.Text()
		var from, to uintptr
		var perms string
		if n, _ := fmt.Sscanf(line, "%x-%x %s", &from, &to, &perms); n == 3 {
			start, end = from, to
			ours = !strings.Contains(perms, "w") && strings.HasSuffix(line, " "+path)
			continue
		}
		if kept, found := strings.CutPrefix(line, "Anonymous:"); !ours || !found || strings.TrimSpace(kept) != "0 kB" {
			continue // pages that were changed, by relocation say, are in no file
		}
		if _, _, code := syscall.Syscall(syscall.SYS_MADVISE, start, end-start, syscall.MADV_DONTNEED); code != 0 {
			return fmt.Errorf("madvise: %w", code)
		}
	}
	return lines.Err()
}
