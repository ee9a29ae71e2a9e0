package dmi

import (
	"context"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	edgecore "sluice/tests/edgecore/dmi"
)

func TestSocketThatCannotBe(t *testing.T) {
	dir := folder(t)
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	busy := filepath.Join(dir, "busy.sock")
	l, err := net.Listen("unix", busy)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	for path, want := range map[string]string{
		file:                            "open the mapper's socket: " + file + " is there and no socket; it is left alone: choose another path",
		busy:                            "open the mapper's socket: another process listens on " + busy + ": end it or choose another path",
		filepath.Join(dir, "no/m.sock"): "make the folder " + filepath.Join(dir, "no") + ", or choose another",
		filepath.Join(file, "m.sock"):   "not a directory",
		filepath.Join("/proc", "dmi-mapper.sock"): "open the mapper's socket: ",
	} {
		m, err := New(Config{Name: "m", Protocol: "modbus", Socket: path}, &recorder{}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if err := m.Run(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "kept" {
		t.Errorf("the file has %q: %v", text, err)
	}
}

// As root every folder can be written to, so the hint is asked for itself.
func TestHintOfAFolderThatIsNotOurs(t *testing.T) {
	if got := hint(&fs.PathError{Op: "listen", Path: "/x/m.sock", Err: fs.ErrPermission}, "/x"); got != "; let this user write to /x, or choose another folder" {
		t.Error(got)
	}
}

func TestConfigThatCannotBe(t *testing.T) {
	good := Config{Name: "m", Protocol: "modbus", Socket: "/run/m.sock"}
	long := "/" + strings.Repeat("x", 107)
	for want, change := range map[string]func(*Config){
		"name is missing":     func(c *Config) { c.Name = "" },
		"protocol is missing": func(c *Config) { c.Protocol = "" },
		"socket is missing":   func(c *Config) { c.Socket = "" },
		`the mapper's socket "m.sock": give an absolute path`:                 func(c *Config) { c.Socket, c.Address = "m.sock", "/m.sock" },
		`" has 108 bytes, of which a socket takes 107: choose a shorter path`: func(c *Config) { c.Socket, c.Address = long, "/m.sock" },
		`the mapper's address "m": give an absolute path`:                     func(c *Config) { c.Address = "m" },
		`edgecore's socket "dmi.sock": give an absolute path`:                 func(c *Config) { c.EdgeCore = "dmi.sock" },
	} {
		c := good
		change(&c)
		if _, err := New(c, &recorder{}, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	m, err := New(good, &recorder{}, slog.New(slog.DiscardHandler))
	if err != nil || m.config.EdgeCore != DefaultEdgeCore || m.config.Address != good.Socket {
		t.Errorf("%v: %+v", err, m.config)
	}
}

func TestStaleSocketIsReplacedAndOursGoesAway(t *testing.T) {
	dir := folder(t)
	path := filepath.Join(dir, "mapper.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	core := edgecore.NewPaced(filepath.Join(dir, "dmi.sock"), 10_000, 10_000)
	start(t, core)
	p := beside(t, core, dir, fast)
	p.registers(t, 1)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&^0o660 != 0 {
		t.Errorf("%v %v", info, err)
	}
	if err := p.end(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("the socket stays after the end")
	}
}

// Nothing is left of a mapper, whatever it was at when it ended.
func TestMapperLeavesNothing(t *testing.T) {
	dir := folder(t)
	core := edgecore.NewPaced(filepath.Join(dir, "dmi.sock"), 10_000, 10_000)
	start(t, core)
	if err := core.Apply(modelYAML + "---" + deviceYAML("boiler-1", 10)); err == nil {
		t.Fatal("there is no mapper yet")
	}
	one := func(fail func(string) error) {
		p := beside(t, core, dir, fast)
		p.failWith(fail)
		await(t, "the device", func() bool { return len(p.take()) > 0 })
		for i := range 50 {
			_ = p.mapper.Report(ID{"default", "boiler-1"}, Twin{Property: "p", Reported: string(rune('a' + i%26))})
		}
		if err := p.end(); err != nil {
			t.Error(err)
		}
	}
	before, files := runtime.NumGoroutine(), descriptors(t)
	for range 5 {
		one(nil)
		one(func(string) error { return errNotYet })
	}
	core.Kill()
	for range 5 { // while edgecore is away
		p := beside(t, core, dir, fast)
		await(t, "the reason", func() bool { return p.mapper.Status().Reason != "" })
		if err := p.end(); err != nil {
			t.Error(err)
		}
	}
	await(t, "goroutines and descriptors to end", func() bool { return runtime.NumGoroutine() <= before && descriptors(t) <= files })
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc here")
	}
	return len(list)
}

// A mapper that ends while edgecore waits for it lets edgecore go.
func TestEndDuringACall(t *testing.T) {
	p := started(t)
	entered := make(chan struct{})
	block := make(chan struct{})
	defer close(block)
	p.failWith(func(string) error {
		close(entered)
		select {
		case <-block:
		case <-t.Context().Done():
		}
		return context.Canceled
	})
	answer := make(chan error, 1)
	go func() { answer <- p.core.Apply(modelYAML + "---" + deviceYAML("boiler-1", 10)) }()
	<-entered
	ended := make(chan error, 1)
	go func() { ended <- p.end() }()
	if err := <-answer; err == nil {
		t.Error("edgecore was told that the device is known")
	}
	block <- struct{}{}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
