package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

// spread is a message like message, but one in which device and temperature
// vary independently: one in 50 is of a device, and of these one in ten is over
// 90.
func spread(seq int) []byte {
	return fmt.Appendf(nil, `{"device":"boiler-%02d","temperature":%d.5,"humidity":41,"pressure":5.25,"line":"hall-1","status":"running","seq":%d,"ts":%d}`,
		seq%50, 46+seq/50%10*5, seq, time.Now().UnixNano())
}

// apply creates rules, and the streams they read, in one request.
func apply(b *testing.B, r *stack.Rules, streams map[string]string, rules map[string]any) time.Duration {
	b.Helper()
	body, err := json.Marshal(map[string]any{"streams": streams, "rules": rules})
	if err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	stack.MustCall(b, 200, "POST", r.API+"/apply", string(body))
	return time.Since(start)
}

func nopRule(id, sql string) map[string]any {
	return map[string]any{"id": id, "sql": sql, "actions": []any{map[string]any{"nop": map[string]any{}}}}
}

// reached waits until a rule has seen so many messages of its stream.
func reached(b *testing.B, r *stack.Rules, rule, stream string, messages int) {
	b.Helper()
	stack.Eventually(b, func(ctx context.Context) error {
		_, text, err := stack.Call(ctx, "GET", r.API+"/rules/"+rule+"/status", "")
		if err != nil {
			return err
		}
		var status map[string]any
		if err := json.Unmarshal([]byte(text), &status); err != nil {
			return err
		}
		if n, _ := status["source_"+stream+"_0_records_in_total"].(float64); int(n) < messages {
			return fmt.Errorf("%v of %d messages", n, messages)
		}
		return nil
	})
}

// shared measures n rules on one stream, of which 0.2 % match a message on
// average.
func shared(b *testing.B, n int, budget float64) {
	broker := servers.Mosquitto(b)
	url := "tcp://" + broker.Addr()
	l := newLoad(b, url)
	l.make = spread
	floor := startFloor(b, url)
	base := measure(b, l, floor, func() (int, int) {
		in := l.paced(3000, 10*time.Second)
		return in, in / 10
	})
	floor.Stop(5 * time.Second)

	r := rules(b, broker)
	set := map[string]any{}
	for i := range n {
		id := fmt.Sprintf("r%d", i)
		set[id] = nopRule(id, fmt.Sprintf("SELECT device, temperature FROM demo WHERE device = 'boiler-%02d' AND temperature > %.1f", i%50, 87+float64(i/50%40)/10))
	}
	created := apply(b, r, nil, set)
	stack.Eventually(b, func(context.Context) error { // connected: a message arrives
		l.flood(1)
		_, text, err := stack.Call(b.Context(), "GET", r.API+"/rules/r0/status", "")
		if err == nil && strings.Contains(text, `"source_demo_0_records_in_total":0,`) {
			err = fmt.Errorf("nothing arrives")
		}
		return err
	})
	settle(l)
	before := r.CPU(b)
	in := l.paced(3000, 10*time.Second)
	reached(b, r, "r0", "demo", in)
	cpu := (r.CPU(b) - before) / time.Duration(in)
	ratio := float64(cpu) / float64(base.cpu)
	emitted := 0.002 * float64(n) // rows a message
	b.Logf("%d rules on one stream, 3,000 messages/s\n  created in one request: %v\n  floor  %v\n  sluice %.2f µs/message, %.2f µs/emitted row\n  ratio  %.2f (budget %.1f)",
		n, created.Round(time.Millisecond), base, float64(cpu.Nanoseconds())/1e3, float64((cpu-base.cpu).Nanoseconds())/1e3/emitted, ratio, budget)
	b.ReportMetric(ratio, "x-floor")
}

func BenchmarkSharedRules1000(b *testing.B) { shared(b, 1000, 3) }

func BenchmarkSharedRules8000(b *testing.B) { shared(b, 8000, 4) }

// BenchmarkOwnTopics creates 8,000 rules, each on a topic of its own.
func BenchmarkOwnTopics(b *testing.B) {
	const n = 8000
	broker := servers.Mosquitto(b)
	r := stack.NewRules(b, stack.Bus{Type: "mqtt", Port: broker.Port})
	time.Sleep(3 * time.Second) // idle is what is left when the start is over
	memory, goroutines, files := r.RSS(b), r.Goroutines(b), descriptors(b, r)
	streams, set := map[string]string{}, map[string]any{}
	for i := range n {
		id := fmt.Sprintf("r%d", i)
		extra := strings.ReplaceAll(fmt.Sprintf(`{"server":"tcp://%s","qos":0}`, broker.Addr()), `"`, `\"`)
		streams["s"+strconv.Itoa(i)] = fmt.Sprintf(`CREATE STREAM s%d () WITH (TYPE="mqtt", DATASOURCE="own/%d", FORMAT="json", EXTRA="%s")`, i, i, extra)
		set[id] = nopRule(id, fmt.Sprintf("SELECT temperature FROM s%d WHERE temperature > 90", i))
	}
	created := apply(b, r, streams, set)
	l := newLoad(b, "tcp://"+broker.Addr())
	l.topic = fmt.Sprintf("own/%d", n-1)
	stack.Eventually(b, func(context.Context) error {
		l.flood(1)
		_, text, err := stack.Call(b.Context(), "GET", fmt.Sprintf("%s/rules/r%d/status", r.API, n-1), "")
		if err == nil && strings.Contains(text, fmt.Sprintf(`"source_s%d_0_records_in_total":0,`, n-1)) {
			err = fmt.Errorf("nothing arrives")
		}
		return err
	})
	time.Sleep(3 * time.Second)
	perRule := float64(r.RSS(b)-memory) / n / 1024
	b.Logf("8,000 rules with topics of their own\n  created in one request: %v (budget 3 s)\n  %.1f KiB resident a rule (budget 8)\n  goroutines %d -> %d, descriptors %d -> %d",
		created.Round(time.Millisecond), perRule, goroutines, r.Goroutines(b), files, descriptors(b, r))
	b.ReportMetric(created.Seconds(), "s-create")
	b.ReportMetric(perRule, "KiB/rule")
}

func descriptors(b *testing.B, r *stack.Rules) int {
	b.Helper()
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", r.Cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	return len(list)
}
