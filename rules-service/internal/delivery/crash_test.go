package delivery

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"sluice/sqlengine/value"
)

// The folder of the process that is killed, and where it goes on.
const (
	crashDir  = "DELIVERY_CRASH_DIR"
	crashFrom = "DELIVERY_CRASH_FROM" // mark and number of the last checkpoint
)

// checkpoint is how far a rule had come: what the process that is killed
// prints.
type checkpoint struct {
	mark   uint64
	pushed int // rows
}

// TestCrashingProcess is no test: it pushes rows to a target that is away until
// TestKill kills it, makes checkpoints, and prints them and what is
// acknowledged.
func TestCrashingProcess(t *testing.T) {
	dir := os.Getenv(crashDir)
	if dir == "" {
		t.Skip("it runs as the process of TestKill")
	}
	var from checkpoint
	if _, err := fmt.Sscan(os.Getenv(crashFrom), &from.mark, &from.pushed); err != nil {
		t.Fatal(err)
	}
	s := newServer()
	s.set(errRefused)
	p := poolOf(s)
	p = NewStoringPool(p.registry, p.env, Storage{Dir: dir})
	target, err := p.Open(crashingAction(from.mark))
	if err != nil {
		t.Fatal(err)
	}
	var acknowledged atomic.Int64
	for n := from.pushed; ; n++ {
		ack := value.NewAck(func(err error) {
			if err == nil {
				acknowledged.Store(max(acknowledged.Load(), int64(n+1)))
			}
		})
		_ = target.Push(rows(ack, n))
		ack.Release(nil)
		if n%50 != 0 {
			continue
		}
		fmt.Println("acknowledged", acknowledged.Load())
		if rand.N(3) > 0 {
			continue
		}
		mark := target.Mark()
		if err := target.Settle(t.Context(), mark); err != nil {
			t.Fatal(err)
		}
		fmt.Println("checkpoint", mark, n+1)
	}
}

func crashingAction(from uint64) Action {
	return Action{Rule: "r1", Type: "fake", Props: map[string]any{"sendSingle": true, "fields": "a", "topic": "t"}, From: from}
}

// A process that queues under load and is killed loses nothing that was
// acknowledged, and what it renders again after its last checkpoint is not on
// disk twice.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	acknowledged, last := 0, checkpoint{}
	again := 0
	for range 8 {
		a, c := kill(t, dir, last)
		again += max(0, a-c.pushed)
		acknowledged, last = max(acknowledged, a), c
	}
	s := newServer()
	p := storingPool(s, Storage{Dir: dir})
	target, err := p.Open(crashingAction(last.mark))
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); target.Stats().BufferLength > 0 || s.len("t") < acknowledged; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d of %d messages have come: %+v", s.len("t"), acknowledged, target.Stats())
		}
	}
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if got := s.got["t"]; !slices.Equal(got, numbers(0, len(got))) {
		for i := range got {
			if got[i] != i {
				t.Fatalf("of %d messages, number %d is %d", len(got), i, got[i])
			}
		}
	}
	t.Logf("%d messages acknowledged, %d of them rendered again, %d delivered once and in order", acknowledged, again, s.len("t"))
	if again == 0 {
		t.Error("nothing was rendered again: the test shows nothing")
	}
}

// kill lets a process queue for a while, kills it, and returns how far it got.
func kill(t *testing.T, dir string, from checkpoint) (acknowledged int, last checkpoint) {
	t.Helper()
	last = from
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrashingProcess$")
	cmd.Env = append(os.Environ(), crashDir+"="+dir, fmt.Sprintf("%s=%d %d", crashFrom, from.mark, from.pushed))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	checkpoints, stop := 0, 1+rand.IntN(5)
	var text string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		text = lines.Text()
		var c checkpoint
		if _, err := fmt.Sscanf(text, "checkpoint %d %d", &c.mark, &c.pushed); err == nil {
			checkpoints++
			last = c
		}
		var n int
		if _, err := fmt.Sscanf(text, "acknowledged %d", &n); err == nil {
			acknowledged = max(acknowledged, n)
			if checkpoints >= stop && n > last.pushed {
				_ = cmd.Process.Kill()
			}
		}
	}
	_ = cmd.Wait()
	if checkpoints == 0 {
		t.Fatalf("the process made no checkpoint: %s", text)
	}
	return acknowledged, last
}
