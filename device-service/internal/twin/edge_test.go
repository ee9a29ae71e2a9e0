package twin

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/tests/edgecore"
	"sluice/tests/servers"
)

// plant are devices in memory: what is set of them, and what they refuse.
type plant struct {
	mu     sync.Mutex
	values map[string]Reading // by device.property
	refuse map[string]error
	held   map[string]chan struct{} // by device: until it is closed, nothing is set
	sets   []string
}

func newPlant() *plant {
	return &plant{values: map[string]Reading{}, refuse: map[string]error{}, held: map[string]chan struct{}{}}
}

func (p *plant) has(device, property, kind, value string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.values[device+"."+property] = Reading{property, kind, value}
}

func (p *plant) set(ctx context.Context, device, property, value string) (Reading, error) {
	p.mu.Lock()
	held := p.held[device]
	p.mu.Unlock()
	if held != nil {
		select {
		case <-held:
		case <-ctx.Done():
			return Reading{}, ctx.Err()
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sets = append(p.sets, fmt.Sprint(device, ".", property, "=", value))
	key := device + "." + property
	if err := p.refuse[key]; err != nil {
		return Reading{}, err
	}
	r, found := p.values[key]
	if !found {
		return Reading{}, fmt.Errorf("resource %q is not in the profile", property)
	}
	r.Value = strings.TrimSuffix(value, ".0")
	p.values[key] = r
	return r, nil
}

func (p *plant) refuses(device, property string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse[device+"."+property] = err
}

func (p *plant) done() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.sets...)
}

// edge is a bridge with edgecore and their broker.
type edge struct {
	*testing.T
	broker *servers.Process
	core   *edgecore.Edgecore
	plant  *plant
	bridge *Bridge
	log    *logs
}

// logs are the lines of a log.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) count(part string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.b.String()) {
		if strings.Contains(line, part) {
			n++
		}
	}
	return n
}

const boiler = "default/boiler-1"

func boilerDevice() Device {
	return Device{Name: "boiler-1", ID: boiler, Namespace: "default", Object: "boiler-1", Node: "edge1"}
}

// newEdge starts a broker and an edgecore that knows some devices.
func newEdge(t *testing.T, devices ...string) *edge {
	b := servers.Mosquitto(t)
	return &edge{T: t, broker: b, core: edgecore.New(t, b.Addr(), devices...), plant: newPlant(), log: &logs{}}
}

// begin starts the bridge.
func (e *edge) begin(change func(*Options, *MQTTConfig), devices ...Device) {
	e.Helper()
	log := slog.New(slog.NewTextHandler(e.log, nil))
	o := Options{Interval: time.Hour, Spacing: 10 * time.Millisecond, Set: e.plant.set, Log: log}
	c := MQTTConfig{Server: "tcp://" + e.broker.Addr(), ClientID: "bridge"}
	if change != nil {
		change(&o, &c)
	}
	e.bridge = New(o, func(t Twins) Transport { return DialMQTT(c, t, log) })
	e.Cleanup(e.bridge.Close)
	for _, d := range devices {
		e.bridge.Add(d)
	}
	until(e.T, "the first connection", func() bool {
		e.bridge.mu.Lock()
		defer e.bridge.mu.Unlock()
		return e.bridge.renewals > 0
	})
}

// twinIs waits until the twin of a device has values, and no others.
func (e *edge) twinIs(id string, want map[string]string) {
	e.Helper()
	var got map[string]string
	for end := time.Now().Add(longEnough); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if got = e.core.Has(id); fmt.Sprint(got) == fmt.Sprint(want) {
			return
		}
	}
	e.Fatalf("twin of %s: %v, want %v\n%s", id, got, want, e.log.b.String())
}

type values = map[string]string

// longEnough is far above what anything takes on a slow machine.
const longEnough = time.Minute

// until polls a condition.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(longEnough); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if condition() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}
