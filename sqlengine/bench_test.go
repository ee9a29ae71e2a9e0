package sqlengine_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

func ruleSQL(i int) string {
	return fmt.Sprintf(`SELECT device, temperature*1.8+32 AS f FROM demo WHERE device = "device-%d" AND temperature > %d.5`, i%500, 20+i%60)
}

// BenchmarkRuleset pushes one row through 8,000 rules on one stream, of which
// one in 500 looks at its device.
func BenchmarkRuleset(b *testing.B) {
	const rules = 8000
	schema := &value.Schema{Columns: []value.Column{{Name: "device"}, {Name: "temperature"}}}
	set := sqlengine.NewRuleset(func(id string, err error) { b.Error(id, err) })
	out := &sink{func(*value.Batch) error { return nil }}
	for i := range rules {
		run, err := compile(b, ruleSQL(i)).Open(sqlengine.Env{Schemas: map[string]*value.Schema{"demo": schema}}, out)
		if err != nil {
			b.Fatal(err)
		}
		set.Add(fmt.Sprint(i), run)
	}
	batch := &value.Batch{Schema: schema, Rows: []value.Row{{Cols: []value.Value{value.OfString("device-7"), value.OfFloat(50)}}}}
	b.ReportAllocs()
	for b.Loop() {
		set.Push("demo", batch)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rules), "ns/rule")
}

// BenchmarkOpenRule compiles and opens a rule; B/rule is what stays of it.
func BenchmarkOpenRule(b *testing.B) {
	for name, sql := range map[string]func(int) string{
		"filter": ruleSQL,
		"window": func(int) string {
			return "SELECT device, avg(temperature) AS t FROM demo GROUP BY device, TUMBLINGWINDOW(ss, 1)"
		},
	} {
		b.Run(name, func(b *testing.B) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			var runs []*sqlengine.Run
			out := &sink{}
			for i := 0; b.Loop(); i++ {
				run, err := compile(b, sql(i)).Open(sqlengine.Env{Start: time.Unix(0, 0)}, out)
				if err != nil {
					b.Fatal(err)
				}
				runs = append(runs, run)
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(len(runs)), "B/rule")
			runtime.KeepAlive(runs)
		})
	}
}
