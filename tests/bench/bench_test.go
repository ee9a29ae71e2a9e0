// Package bench measures scenarios of the rules service as a process, and
// prints each as a ratio to the floor, measured in the same run with the same
// broker and the same messages. The floor is a paho subscriber that decodes
// nothing and forwards one message in ten.
//
//	go test ./tests/bench -run '^$' -bench . -benchtime 1x
package bench

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

// figures of one consumer in one scenario.
type figures struct {
	cpu  time.Duration // per incoming message
	p99  time.Duration
	lost int
}

func (f figures) String() string {
	return fmt.Sprintf("%6.2f µs/message, p99 %v, lost %d", float64(f.cpu.Nanoseconds())/1e3, f.p99.Round(10*time.Microsecond), f.lost)
}

// rules starts a rules service on the broker with one stream over topicIn.
func rules(b *testing.B, broker *servers.Process) *stack.Rules {
	b.Helper()
	r := stack.NewRules(b, stack.Bus{Type: "mqtt", Port: broker.Port})
	stack.MustCall(b, 201, "POST", r.API+"/streams",
		`{"sql":"CREATE STREAM demo () WITH (TYPE=\"mqtt\", DATASOURCE=\"`+topicIn+`\", FORMAT=\"json\", CONF_KEY=\"default\", EXTRA=\"`+
			strings.ReplaceAll(`{"server":"tcp://`+broker.Addr()+`","qos":0}`, `"`, `\\\"`)+`\")"}`)
	return r
}

func rule(broker *servers.Process, sql string) string {
	return fmt.Sprintf(`{"id":"bench","sql":%q,"actions":[{"mqtt":{"server":"tcp://%s","topic":%q,"qos":0,"sendSingle":true}}]}`,
		sql, broker.Addr(), topicOut)
}

const filterRule = "SELECT device, temperature, seq, ts FROM demo WHERE temperature > 90"

// measure runs a drive against a consumer and divides its processor time.
func measure(b *testing.B, l *load, p *stack.Process, drive func() (in, out int)) figures {
	b.Helper()
	ready(b, l)
	l.p99()
	start := p.CPU(b)
	before := l.out.Load()
	in, want := drive()
	got := l.drained(want + int(before))
	f := figures{cpu: (p.CPU(b) - start) / time.Duration(in), p99: l.p99(), lost: max(0, want-got+int(before))}
	return f
}

// ready sends messages until one has come through.
func ready(b *testing.B, l *load) {
	b.Helper()
	for range 100 {
		if l.out.Load() > 0 {
			break
		}
		l.flood(10)
		select {
		case <-l.arrived:
		case <-time.After(100 * time.Millisecond):
		}
	}
	if l.out.Load() == 0 {
		b.Fatal("nothing comes through")
	}
	settle(l)
}

// settle waits until nothing has come for a moment.
func settle(l *load) {
	for {
		select {
		case <-l.arrived:
		case <-time.After(300 * time.Millisecond):
			return
		}
	}
}

// scenario measures floor and ours one after the other on the same broker.
func scenario(b *testing.B, name, sql string, budget float64, drive func(*load) (in, out int), outOfOurs func(in, out int) int) {
	broker := servers.Mosquitto(b)
	url := "tcp://" + broker.Addr()

	l := newLoad(b, url)
	floor := startFloor(b, url)
	base := measure(b, l, floor, func() (int, int) { return drive(l) })
	floor.Stop(5 * time.Second)

	r := rules(b, broker)
	stack.MustCall(b, 201, "POST", r.API+"/rules", rule(broker, sql))
	l.out.Store(0)
	ours := measure(b, l, r.Process, func() (int, int) {
		in, out := drive(l)
		return in, outOfOurs(in, out)
	})
	ratio := float64(ours.cpu) / float64(base.cpu)
	b.Logf("%s\n  floor  %v\n  sluice %v\n  ratio  %.2f (budget %.1f)", name, base, ours, ratio, budget)
	b.ReportMetric(ratio, "x-floor")
	b.ReportMetric(float64(ours.p99-base.p99)/1e6, "ms-p99-over-floor")
	b.ReportMetric(float64(ours.lost), "lost")
}

func same(_, out int) int { return out }

func BenchmarkOneRulePaced(b *testing.B) {
	scenario(b, "one rule, 3,000 messages/s", filterRule, 1.5, func(l *load) (int, int) {
		in := l.paced(3000, 10*time.Second)
		return in, in / 10
	}, same)
}

func BenchmarkOneRuleFlatOut(b *testing.B) {
	const n = 300_000
	scenario(b, "one rule, flat out", filterRule, 1.3, func(l *load) (int, int) {
		l.flood(n)
		return n, n / 10
	}, same)
}

func BenchmarkTumblingAverage(b *testing.B) {
	scenario(b, "1 s tumbling average by 50 devices, 3,000 messages/s",
		"SELECT device, avg(temperature) AS t FROM demo GROUP BY device, TUMBLINGWINDOW(ss, 1)", 1.6, func(l *load) (int, int) {
			in := l.paced(3000, 10*time.Second)
			return in, in / 10
		}, func(int, int) int { return 9 * 50 })
}

func BenchmarkIdle(b *testing.B) {
	broker := servers.Mosquitto(b)
	r := stack.NewRules(b, stack.Bus{Type: "mqtt", Port: broker.Port})
	time.Sleep(3 * time.Second) // idle is what is left when the start is over
	mb := float64(r.RSS(b)) / (1 << 20)
	b.Logf("idle\n  sluice %.1f MB resident (budget 30)", mb)
	b.ReportMetric(mb, "MB-resident")
}
