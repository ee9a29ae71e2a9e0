package opcua

import (
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sluice/tests/servers"
)

// A thousand connections, each with the subscription of the one before, leave
// nothing behind, neither here nor at the server.
func reconnectsLeaveNothing(t *testing.T, peer *servers.OPCUA) {
	const devices = 10
	rounds := 100
	if testing.Short() {
		rounds = 10
	}
	peer.Tell(t, "counters 10")
	resumed := &lineCount{of: "subscription goes on"}
	o := brisk
	o.RetryMin, o.RetryMax = time.Millisecond, 20*time.Millisecond
	o.Log = slog.New(slog.NewTextHandler(resumed, nil))
	d, resources := newDriver(t, o), counters(10)
	r := peerRelay(t, peer)
	var boxes []*inbox
	for i := range devices {
		b := &inbox{}
		dev := fast(fmt.Sprint("d", i), r.endpoint())
		dev.Protocols[Protocol]["Timeout"] = fmt.Sprint(10+i, "s") // a connection of its own
		add(t, d, dev, resources...)
		if err := d.Subscribe(dev.Name, b.push); err != nil {
			t.Fatal(err)
		}
		boxes = append(boxes, b)
	}
	count := stepTo(t, peer, 1)
	for _, b := range boxes {
		b.awaitCount(t, resources, count)
	}

	goroutines, files, heap := runtime.NumGoroutine(), descriptors(t), heapInUse()
	for n := 1; n <= rounds; n++ {
		r.Cut()
		await(t, "the subscriptions to go on", func() bool { return resumed.Load() >= int64(n*devices) })
		await(t, "the sessions before to end", func() bool { return peer.Tell(t, "sessions") == strconv.Itoa(devices) })
	}
	count = stepTo(t, peer, 1)
	for _, b := range boxes {
		b.awaitCount(t, resources, count)
		b.checkOnce(t, resources)
		if gaps := b.gaps("C0"); gaps != nil {
			t.Errorf("gaps %v", gaps)
		}
		b.forget()
	}
	if r.accepted.Load() < int64(devices*rounds) {
		t.Errorf("%d connections", r.accepted.Load())
	}
	await(t, "all goroutines and descriptors to end", func() bool { return runtime.NumGoroutine() <= goroutines && descriptors(t) <= files })
	if now := heapInUse(); now > heap+4<<20 {
		t.Errorf("heap %d -> %d KiB", heap>>10, now>>10)
	}
	t.Logf("%d connections; goroutines %d -> %d, descriptors %d -> %d, heap %d -> %d KiB",
		r.accepted.Load(), goroutines, runtime.NumGoroutine(), files, descriptors(t), heap>>10, heapInUse()>>10)
}

// lineCount counts the lines of a log with a text.
type lineCount struct {
	atomic.Int64
	of string
}

func (c *lineCount) Write(line []byte) (int, error) {
	if strings.Contains(string(line), c.of) {
		c.Add(1)
	}
	return len(line), nil
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc:", err)
	}
	return len(list)
}

func heapInUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
