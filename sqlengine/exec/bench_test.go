package exec_test

import (
	"fmt"
	"testing"
	"time"

	"sluice/sqlengine/exec"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

type catalog map[string]*plan.Stream

func (c catalog) Stream(name string) (*plan.Stream, bool) { s, ok := c[name]; return s, ok }
func (c catalog) Names() []string                         { return nil }

var demo = catalog{"demo": {Name: "demo", Schemaless: true}}

// counter is the end of a query.
type counter struct{ rows, batches int }

func (c *counter) Push(b *value.Batch) error { c.rows += len(b.Rows); c.batches++; return nil }
func (c *counter) Advance(int64) error       { return nil }
func (c *counter) Close() error              { return nil }

func open(t testing.TB, sql string, out exec.Operator, onError func(*exec.RowError)) (*exec.Run, *plan.Plan) {
	t.Helper()
	p, err := plan.Build(sql, demo, plan.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := exec.Open(p, exec.Env{RuleID: "r", Start: time.Unix(0, 0), Location: time.UTC, OnRowError: onError}, out)
	if err != nil {
		t.Fatal(err)
	}
	return r, p
}

// rows are rows of temperature, humidity and device.
func rowsOf(p *plan.Plan, n int) []value.Row {
	rows := make([]value.Row, n)
	for i := range rows {
		for _, c := range p.Inputs("demo") {
			v := value.OfFloat(float64(20 + i%50))
			if c.Name == "device" {
				v = value.OfString(fmt.Sprintf("device-%d", i%50))
			}
			rows[i].Cols = append(rows[i].Cols, v)
		}
	}
	return rows
}

func BenchmarkQuery(b *testing.B) {
	for _, bc := range []struct{ name, sql string }{
		{"FilterNone", "SELECT temperature FROM demo WHERE temperature > 500"},
		{"FilterDevice", `SELECT temperature FROM demo WHERE device = "other" AND temperature > 500`},
		{"FilterProject", "SELECT temperature*1.8+32 AS f, device FROM demo WHERE temperature > 15.5 AND humidity < 80"},
		{"FilterAlias", "SELECT temperature*1.8+32 AS f FROM demo WHERE f > 10"},
		{"Function", "SELECT abs(temperature) AS a FROM demo"},
		{"WindowGroups", "SELECT device, avg(temperature) AS a FROM demo GROUP BY device, TUMBLINGWINDOW(ss, 1)"},
	} {
		for _, size := range []int{1, 100} {
			b.Run(fmt.Sprintf("%s/%d", bc.name, size), func(b *testing.B) {
				run, p := open(b, bc.sql, &counter{}, func(e *exec.RowError) { b.Error(e) })
				batch := &value.Batch{Rows: rowsOf(p, size)}
				b.ReportAllocs()
				for b.Loop() {
					if err := run.Push("demo", batch); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size), "ns/row")
			})
		}
	}
}
