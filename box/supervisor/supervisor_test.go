//go:build unix

package supervisor

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary is also the child: role says what it does.
const role = "SUPERVISOR_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "":
		os.Exit(m.Run())
	case "service": // ends on SIGTERM, with a word
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM)
		fmt.Println("pid", os.Getpid())
		<-stop
		fmt.Fprintln(os.Stderr, "bye")
	case "deaf": // does not hear SIGTERM
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("pid", os.Getpid())
		select {}
	case "fails":
		fmt.Print("no newline")
		os.Exit(3)
	case "box": // has a child of its own, to be killed with it
		s := New(context.Background(), Options{Line: func(_, line string) { fmt.Println(line) }})
		if err := s.Start(process("service")); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		s.Wait()
	}
}

func process(name string) Process {
	return Process{Name: name, Path: os.Args[0], Env: []string{role + "=" + name}}
}

func supervise(t *testing.T, o Options) (*Supervisor, context.CancelFunc, <-chan string) {
	t.Helper()
	out := make(chan string, 1000)
	o.Line = func(p, line string) { out <- p + "|" + line }
	o.Event = func(p, text string) { out <- p + "!" + text }
	ctx, cancel := context.WithCancel(context.Background())
	s := New(ctx, o)
	t.Cleanup(func() { cancel(); s.Wait() })
	return s, cancel, out
}

func next(t *testing.T, out <-chan string, prefix string) string {
	t.Helper()
	select {
	case got := <-out:
		rest, found := strings.CutPrefix(got, prefix)
		if !found {
			t.Fatalf("got %q, want %q", got, prefix)
		}
		return rest
	case <-time.After(time.Minute):
		t.Fatalf("nothing came, want %q", prefix)
		return ""
	}
}

func gone(t *testing.T, pid string) {
	t.Helper()
	n, err := strconv.Atoi(pid)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if ended(n) {
			return
		}
	}
	t.Errorf("process %s is still there", pid)
}

// ended is true for a zombie too: in a container nobody may reap orphans.
func ended(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(stat), ") Z ")
}

func TestOrderlyEnd(t *testing.T) {
	s, cancel, out := supervise(t, Options{})
	if err := s.Start(process("service")); err != nil {
		t.Fatal(err)
	}
	pid := next(t, out, "service|pid ")
	cancel()
	s.Wait()
	next(t, out, "service|bye")
	gone(t, pid)
	if len(out) > 0 {
		t.Errorf("an orderly end is told: %q", <-out)
	}
}

func TestDeafProcessIsKilledAfterGrace(t *testing.T) {
	s, cancel, out := supervise(t, Options{Grace: 50 * time.Millisecond})
	if err := s.Start(process("deaf")); err != nil {
		t.Fatal(err)
	}
	pid := next(t, out, "deaf|pid ")
	cancel()
	s.Wait()
	gone(t, pid)
}

func TestRestartWithBackOffIsToldOnceEach(t *testing.T) {
	s, cancel, out := supervise(t, Options{Wait: time.Millisecond, MaxWait: 4 * time.Millisecond})
	if err := s.Start(process("fails")); err != nil {
		t.Fatal(err)
	}
	for _, wait := range []string{"1ms", "2ms", "4ms", "4ms"} {
		next(t, out, "fails|no newline")
		if got, want := next(t, out, "fails!"), "ended: exit status 3; starts again in "+wait; got != want {
			t.Errorf("told %q, want %q", got, want)
		}
	}
	cancel()
	s.Wait()
}

func TestKilledProcessComesBack(t *testing.T) {
	s, _, out := supervise(t, Options{Wait: time.Millisecond})
	if err := s.Start(process("service")); err != nil {
		t.Fatal(err)
	}
	first := next(t, out, "service|pid ")
	n, _ := strconv.Atoi(first)
	if err := syscall.Kill(n, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	next(t, out, "service!ended: signal: killed; starts again in 1ms")
	if second := next(t, out, "service|pid "); second == first {
		t.Errorf("the same process %s", second)
	}
}

func TestMissingProgram(t *testing.T) {
	s, _, _ := supervise(t, Options{})
	err := s.Start(Process{Name: "nothing", Path: "/nonexistent/program"})
	if err == nil || !strings.Contains(err.Error(), "start nothing: ") {
		t.Errorf("error %v", err)
	}
	s.Wait() // nothing is kept
}

func TestChildrenDieWithAKilledBox(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ties a child to its parent")
	}
	box := exec.Command(os.Args[0])
	box.Env = append(os.Environ(), role+"=box")
	pipe, err := box.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := box.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(pipe).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, found := strings.CutPrefix(strings.TrimSpace(line), "pid ")
	if !found {
		t.Fatalf("box says %q", line)
	}
	if err := box.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = box.Wait() // killed
	gone(t, pid)
}

func TestLongLinesComeInPieces(t *testing.T) {
	var got []int
	splitLines(strings.NewReader(strings.Repeat("x", maxLine+5)+"\n\nend"), func(s string) { got = append(got, len(s)) })
	if len(got) != 3 || got[0] != maxLine || got[1] != 5 || got[2] != 3 {
		t.Errorf("pieces %v", got)
	}
}
