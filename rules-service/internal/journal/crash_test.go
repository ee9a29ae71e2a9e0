package journal

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// crashDir names the folder to the process that is killed.
const crashDir = "JOURNAL_CRASH_DIR"

// TestCrashingProcess is no test: it appends until TestKill kills it.
func TestCrashingProcess(t *testing.T) {
	dir := os.Getenv(crashDir)
	if dir == "" {
		t.Skip("it runs as the process of TestKill")
	}
	l, err := Open(Options{Dir: dir, ChunkBytes: 2000})
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		go func() {
			for {
				_, next := l.Bounds()
				first, err := l.Append(context.Background(), []byte("payload"), []byte(strconv.Itoa(int(next))))
				if err != nil {
					t.Error(err)
					return
				}
				fmt.Println(first + 1)
			}
		}()
	}
	select {}
}

// What was acknowledged is there after kill -9, and nothing else was damaged.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	acknowledged := Offset(0)
	for range 10 {
		acknowledged = max(acknowledged, crash(t, dir))
		l := open(t, Options{Dir: dir})
		oldest, next := l.Bounds()
		list, err := l.Read(0, 1<<20)
		if err != nil || oldest != 0 || next <= acknowledged || len(list) != int(next) || l.Stats().Damaged != 0 {
			t.Fatalf("acknowledged up to %d: bounds %d, %d, %d records, %+v, error %v", acknowledged, oldest, next, len(list), l.Stats(), err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// crash lets a process append for a while, kills it, and returns the last
// offset that was acknowledged.
func crash(t *testing.T, dir string) (last Offset) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrashingProcess$")
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	kill := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	for n, stop := 0, 20+rand.IntN(200); lines.Scan(); n++ {
		if o, err := strconv.Atoi(lines.Text()); err == nil {
			last = max(last, Offset(o))
		}
		if n == stop {
			_ = cmd.Process.Kill()
		}
	}
	_ = cmd.Wait()
	if last == 0 {
		t.Fatal("the process acknowledged nothing")
	}
	return last
}
