package sqlengine_test

import (
	"fmt"
	"runtime"
	"testing"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// ruleSQL is the i-th of many rules: 500 devices have an equal share of them,
// and each has rules of several thresholds.
func ruleSQL(i int) string {
	return fmt.Sprintf(`SELECT device, temperature*1.8+32 AS f FROM demo WHERE device = "device-%d" AND temperature > %d.5`, i%500, i/500)
}

var demoSchema = &value.Schema{Columns: []value.Column{{Name: "device"}, {Name: "temperature"}}}

// openRules opens rules that share a stream.
func openRules(b *testing.B, rules int, sql func(int) string, out *sink) *sqlengine.Ruleset {
	set := sqlengine.NewRuleset(func(id string, err error) { b.Error(id, err) })
	for i := range rules {
		run, err := compile(b, sql(i)).Open(sqlengine.Env{Schemas: map[string]*value.Schema{"demo": demoSchema}}, out)
		if err != nil {
			b.Fatal(err)
		}
		set.Add(fmt.Sprint(i), run)
	}
	return set
}

// benchBatches are rows of so many devices, which take turns.
func benchBatches(devices, size int) []*value.Batch {
	list := make([]*value.Batch, devices)
	for i := range list {
		list[i] = &value.Batch{Schema: demoSchema}
		for j := range size {
			device := value.OfString(fmt.Sprintf("device-%d", (i*37+j*11)%devices))
			list[i].Rows = append(list[i].Rows, value.Row{Cols: []value.Value{device, value.OfFloat(50)}})
		}
	}
	return list
}

// BenchmarkRuleset pushes rows through 8,000 rules on one stream, of which one
// in 500 matches: 16 results a row. With rows of one device the same 16 rules
// stay in the processor's cache, with those of 500 devices none does.
func BenchmarkRuleset(b *testing.B) {
	const rules = 8000
	for _, bc := range []struct{ devices, size int }{{1, 1}, {500, 1}, {500, 100}} {
		b.Run(fmt.Sprintf("Devices%d/%d", bc.devices, bc.size), func(b *testing.B) {
			results := 0
			set := openRules(b, rules, ruleSQL, &sink{func(b *value.Batch) error { results += len(b.Rows); return nil }})
			batches := benchBatches(bc.devices, bc.size)
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				set.Push("demo", batches[n%len(batches)])
				n++
			}
			if want := n * bc.size * rules / 500; results != want {
				b.Fatalf("%d results, want %d", results, want)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*bc.size), "ns/row")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(results), "ns/match")
		})
	}
}

// BenchmarkRulesetIdle asks 8,000 rules without windows when they are due.
func BenchmarkRulesetIdle(b *testing.B) {
	set := openRules(b, 8000, ruleSQL, &sink{})
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := set.Next(); ok {
			b.Fatal("a rule waits")
		}
		set.Advance(1)
	}
}

// BenchmarkRulesetFill puts 8,000 rules into a set and takes them out again.
func BenchmarkRulesetFill(b *testing.B) {
	runs := make([]*sqlengine.Run, 8000)
	ids := make([]string, len(runs))
	for i := range runs {
		ids[i] = fmt.Sprint(i)
		run, err := compile(b, ruleSQL(i)).Open(sqlengine.Env{Schemas: map[string]*value.Schema{"demo": demoSchema}}, &sink{})
		if err != nil {
			b.Fatal(err)
		}
		runs[i] = run
	}
	b.ReportAllocs()
	for b.Loop() {
		set := sqlengine.NewRuleset(func(string, error) {})
		for i, run := range runs {
			set.Add(ids[i], run)
		}
		for _, id := range ids {
			set.Remove(id)
		}
	}
}

// BenchmarkRulesetChange adds a rule to 8,000, pushes a row, and removes it.
func BenchmarkRulesetChange(b *testing.B) {
	set := openRules(b, 8000, ruleSQL, &sink{func(*value.Batch) error { return nil }})
	run, err := compile(b, ruleSQL(7)).Open(sqlengine.Env{Schemas: map[string]*value.Schema{"demo": demoSchema}}, &sink{func(*value.Batch) error { return nil }})
	if err != nil {
		b.Fatal(err)
	}
	row := benchBatches(500, 1)[0]
	b.ReportAllocs()
	for b.Loop() {
		set.Add("more", run)
		set.Push("demo", row)
		set.Remove("more")
	}
}

// benchSQL are the rules whose costs are measured.
var benchSQL = []struct {
	name    string
	sql     func(i int) string
	devices int // of the rows that it gets
}{
	{"Filter", ruleSQL, 500},
	{"Window", func(int) string {
		return "SELECT device, avg(temperature) AS t FROM demo GROUP BY device, TUMBLINGWINDOW(ss, 1)"
	}, 1},
}

// BenchmarkCompile compiles a rule.
func BenchmarkCompile(b *testing.B) {
	for _, bc := range benchSQL {
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				compile(b, bc.sql(i))
			}
		})
	}
}

// BenchmarkRuleMemory compiles and opens rules and puts them into a set;
// B/rule is what stays of them, once they have run.
func BenchmarkRuleMemory(b *testing.B) {
	const rules = 8000
	for _, bc := range benchSQL {
		b.Run(bc.name, func(b *testing.B) {
			perRule := 0.0
			for b.Loop() {
				before := heap()
				set := openRules(b, rules, bc.sql, &sink{func(*value.Batch) error { return nil }})
				for _, batch := range benchBatches(bc.devices, 1) {
					set.Push("demo", batch)
				}
				perRule = float64(int64(heap()-before)) / rules
				runtime.KeepAlive(set)
			}
			b.ReportMetric(perRule, "B/rule")
		})
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
