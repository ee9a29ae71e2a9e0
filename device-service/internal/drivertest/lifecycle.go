package drivertest

import (
	"errors"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/device-service/internal/driver"
)

func removeDuringReads(t *testing.T, b *Bench) {
	b.add(t, b.Devices...)
	var readers sync.WaitGroup
	var started sync.WaitGroup
	for range 4 {
		started.Add(1)
		readers.Go(func() {
			once := sync.OnceFunc(started.Done)
			for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
				readings, err := b.read(b.device())
				once()
				if errors.Is(err, driver.ErrUnknownDevice) {
					return
				}
				if err == nil {
					b.check(t, readings)
				}
			}
			t.Error("reads of a removed device do not end")
		})
	}
	started.Wait()
	promptly(t, "remove", func() { b.Driver.Remove(b.device().Name) })
	readers.Wait()
	b.readGood(t, b.Devices[1])
	b.add(t, b.device())
	b.readGood(t, b.device())
}

func closeTwice(t *testing.T, b *Bench) {
	b.add(t, b.Devices...)
	b.readGood(t, b.device())
	for range 2 {
		if err := b.Driver.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if _, err := b.read(b.device()); err == nil {
		t.Error("read after close succeeded")
	}
	if err := b.Driver.Write(t.Context(), b.device().Name, b.Writes); err == nil {
		t.Error("write after close succeeded")
	}
	if err := b.Driver.Add(b.device(), b.all()); err == nil {
		t.Error("add after close succeeded")
	}
	b.Driver.Remove(b.device().Name)
}

func concurrentReads(t *testing.T, b *Bench) {
	b.add(t, b.Devices...)
	for _, d := range b.Devices {
		b.readGood(t, d)
	}
	var readers sync.WaitGroup
	for range 2 {
		for _, d := range b.Devices {
			readers.Go(func() {
				for range 20 {
					readings, err := b.read(d)
					if err != nil {
						t.Errorf("%s: %v", d.Name, err)
						return
					}
					b.check(t, readings)
				}
			})
		}
	}
	readers.Wait()
}

func nothingLeft(t *testing.T, h Harness) {
	before := goroutines(nil)
	b := h.New(t)
	b.add(t, b.Devices...)
	b.readGood(t, b.device())
	b.Silence(true)
	_, _ = b.read(b.device()) // leaves a connection in the middle of something
	b.Silence(false)
	b.Driver.Remove(b.Devices[1].Name)
	b.Stop()
	b.add(t, b.Devices[1]) // and an attempt to connect
	if err := b.Driver.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	var left map[string]string
	eventually(t, "end of all goroutines", func() bool {
		left = goroutines(h.Foreign)
		for id := range before {
			delete(left, id)
		}
		return len(left) == 0
	}, func() any {
		stacks := []string{}
		for _, stack := range left {
			stacks = append(stacks, stack)
		}
		return strings.Join(stacks, "\n\n")
	})
}

var goroutineID = regexp.MustCompile(`^goroutine (\d+) `)

// goroutines returns the stacks by id, without those that go through a foreign
// function, and without the testing package's own.
func goroutines(foreign []string) map[string]string {
	buffer := make([]byte, 1<<20)
	buffer = buffer[:runtime.Stack(buffer, true)]
	stacks := map[string]string{}
	for _, stack := range strings.Split(string(buffer), "\n\n") {
		id := goroutineID.FindStringSubmatch(stack)
		ours := !slices.ContainsFunc(append(foreign, "testing.tRunner"), func(name string) bool {
			return strings.Contains(stack, name)
		})
		if id != nil && ours {
			stacks[id[1]] = stack
		}
	}
	return stacks
}
