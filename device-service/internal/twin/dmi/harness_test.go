package dmi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	edgecore "sluice/tests/edgecore/dmi"
)

// fast is a pace at which nothing has to be waited for.
var fast = pace{
	calls: 10_000, burst: 1000, timeout: 10 * time.Second, firstPause: 10 * time.Millisecond, lastPause: 100 * time.Millisecond,
	dial: 100 * time.Millisecond, refresh: time.Hour, askForModel: 20 * time.Millisecond,
}

// recorder is a handler that writes down its calls.
type recorder struct {
	mu    sync.Mutex
	calls []string
	fail  func(call string) error // nil: nothing fails
}

func (r *recorder) record(ctx context.Context, format string, args ...any) error {
	call := fmt.Sprintf(format, args...)
	r.mu.Lock()
	r.calls = append(r.calls, call)
	fail := r.fail
	r.mu.Unlock()
	if fail != nil {
		return fail(call)
	}
	return ctx.Err()
}

func (r *recorder) Apply(ctx context.Context, d Device) error { return r.record(ctx, "apply %s", d.ID) }
func (r *recorder) Remove(ctx context.Context, id ID) error   { return r.record(ctx, "remove %s", id) }
func (r *recorder) Desire(ctx context.Context, id ID, values []Desired) error {
	var list []string
	for _, v := range values {
		list = append(list, v.Property+"="+v.Value)
	}
	return r.record(ctx, "desire %s %s", id, strings.Join(list, " "))
}

// take takes the calls so far.
func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	calls := r.calls
	r.calls = nil
	return calls
}

func (r *recorder) failWith(fail func(string) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail = fail
}

// wants waits for calls, in their order.
func (r *recorder) wants(t *testing.T, calls ...string) {
	t.Helper()
	var got []string
	await(t, fmt.Sprintf("the calls %q", calls), func() bool {
		got = append(got, r.take()...)
		return len(got) >= len(calls)
	})
	if strings.Join(got, "\n") != strings.Join(calls, "\n") {
		t.Fatalf("calls %q, want %q", got, calls)
	}
}

// await polls a condition.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// folder is one whose name leaves room for sockets.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "dmi")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// syncBuffer is a log.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func (b *syncBuffer) count(part string) int { return strings.Count(b.String(), part) }

// plant is a mapper beside an edgecore.
type plant struct {
	*recorder
	core   *edgecore.Core
	mapper *Mapper
	log    *syncBuffer
	end    func() error // of the mapper; may be called again
}

// beside starts a mapper. The edgecore is the test's to start.
func beside(t *testing.T, core *edgecore.Core, dir string, p pace) *plant {
	t.Helper()
	one := &plant{recorder: &recorder{}, core: core, log: &syncBuffer{}}
	log := slog.New(slog.NewTextHandler(one.log, nil))
	config := Config{Name: "device-modbus", Version: "1", Protocol: "modbus", Socket: filepath.Join(dir, "mapper.sock"), EdgeCore: filepath.Join(dir, "dmi.sock")}
	var err error
	if one.mapper, err = newMapper(config, one.recorder, log, p); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- one.mapper.Run(ctx) }()
	one.end = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() {
		if err := one.end(); err != nil {
			t.Error(err)
		}
	})
	return one
}

// started is a mapper that is registered at an edgecore.
func started(t *testing.T) *plant {
	t.Helper()
	dir := folder(t)
	core := edgecore.NewPaced(filepath.Join(dir, "dmi.sock"), 10_000, 10_000)
	start(t, core)
	p := beside(t, core, dir, fast)
	p.registers(t, 1)
	return p
}

func start(t *testing.T, core *edgecore.Core) {
	t.Helper()
	if err := core.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(core.Kill)
}

// registers waits until the mapper has registered so many times.
func (p *plant) registers(t *testing.T, times int) {
	t.Helper()
	await(t, fmt.Sprintf("%d registrations", times), func() bool {
		return p.core.Counts().Registrations >= times && p.mapper.Status().Registered
	})
}

// status is that of a device, and why.
func (p *plant) status(id string) (state, reason string) {
	for _, d := range p.mapper.Status().Devices {
		if d.ID == id {
			return d.State, d.Reason
		}
	}
	return "", ""
}

func (p *plant) apply(t *testing.T, objects string) {
	t.Helper()
	if err := p.core.Apply(objects); err != nil {
		t.Fatal(err)
	}
}

// modelYAML is the model of the boiler with the protocol that makes edgecore
// send it; deviceYAML is a boiler with another name and offset.
var modelYAML = strings.Replace(strings.Split(boilerYAML, "---")[0], "spec:", "spec:\n  protocol: modbus", 1)

func deviceYAML(name string, offset int) string {
	return strings.NewReplacer("boiler-1", name, "offset: 10", fmt.Sprintf("offset: %d", offset)).Replace(strings.Split(boilerYAML, "---")[1])
}

var errNotYet = errors.New("core-metadata is away")
