package rule

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"
)

// size is what a process can leak.
type size struct {
	goroutines, files int
	memory            uint64
}

func sizeNow(t *testing.T) size {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return size{runtime.NumGoroutine(), len(files), inUse()}
}

// goroutinesEnd waits until there are no more of them than before.
func goroutinesEnd(t *testing.T, before int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
	}
}

// Ten thousand rules come and go, and leave nothing behind.
func TestNothingIsLeftOfDeletedRules(t *testing.T) {
	const cycles, batch = 10_000, 100
	m, st := openWith(t, "quiet", quiet{})
	streams := map[string]string{"s": `CREATE STREAM s () WITH (TYPE="quiet", FORMAT="json")`}
	set := Set{Streams: streams, Rules: map[string]string{}}
	for i := range batch {
		id := fmt.Sprintf("r%d", i)
		set.Rules[id] = fmt.Sprintf(`{"id":%q,"sql":"SELECT sum(a%d) AS x, lag(b) FROM s GROUP BY TUMBLINGWINDOW(ss, 10)","actions":[{"quiet":{}}]}`, id, i)
	}
	apply := func(s Set) {
		t.Helper()
		if _, err := m.Apply(s); err != nil {
			t.Fatal(err)
		}
	}
	apply(Set{Streams: streams})
	cycle := func(single bool) {
		if !single {
			apply(set)
			apply(Set{Streams: streams, Prune: true})
			return
		}
		for id, text := range set.Rules {
			if _, _, err := m.Create(text); err != nil {
				t.Fatal(err)
			}
			if err := m.Delete(id); err != nil {
				t.Fatal(err)
			}
		}
	}
	cycle(true)
	cycle(false)
	before := sizeNow(t)
	for i := range cycles / batch {
		cycle(i%20 == 0) // each alone waits for the disk twice
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		after := sizeNow(t)
		if after.goroutines <= before.goroutines && after.files <= before.files && after.memory < before.memory+(1<<20) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%+v, %+v before", after, before)
		}
	}
	if err := errors.Join(m.Close(context.Background()), st.Close()); err != nil {
		t.Error(err)
	}
}
