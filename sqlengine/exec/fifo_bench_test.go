package exec_test

import (
	"fmt"
	"testing"

	"sluice/sqlengine/exec"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// feeder pushes rows one by one, a millisecond after each other.
type feeder struct {
	run   *exec.Run
	rows  []value.Row // taken in turn
	batch value.Batch
	sent  int
}

func newFeeder(b *testing.B, sql string) *feeder {
	run, p := open(b, sql, &counter{}, func(e *exec.RowError) { b.Error(e) })
	return &feeder{run: run, rows: readings(p, 1000), batch: value.Batch{Rows: make([]value.Row, 1)}}
}

// readings are rows of 50 devices; one in 1,000 is an alarm.
func readings(p *plan.Plan, n int) []value.Row {
	rows := make([]value.Row, n)
	for i := range rows {
		columns := map[string]value.Value{
			"temperature": value.OfFloat(20 + float64(i*7919%1000)/16), "device": value.OfString(fmt.Sprintf("device-%d", i%50)),
			"alarm": value.OfBool(i == 0), "id": value.OfInt(int64(i)),
		}
		for _, c := range p.Inputs("demo") {
			rows[i].Cols = append(rows[i].Cols, columns[c.Name])
		}
	}
	return rows
}

func (f *feeder) push(b *testing.B) {
	t := int64(f.sent) * 1e6
	if next, ok := f.run.Next(); ok && next <= t {
		if err := f.run.Advance(t); err != nil {
			b.Fatal(err)
		}
	}
	f.batch.Rows[0] = value.Row{Time: t, Cols: f.rows[f.sent%len(f.rows)].Cols}
	f.sent++
	if err := f.run.Push("demo", &f.batch); err != nil {
		b.Fatal(err)
	}
}

func feed(b *testing.B, sql string, fill int) {
	f := newFeeder(b, sql)
	for range fill {
		f.push(b)
	}
	b.ReportAllocs()
	for b.Loop() {
		f.push(b)
	}
}

// BenchmarkSliding is the price of a row where windows hold so many rows. Each
// row has a result, but for When, where one in 1,000 has, and for Groups,
// where each result has 50 groups.
func BenchmarkSliding(b *testing.B) {
	for _, bc := range []struct{ name, sql string }{
		{"Avg", "SELECT avg(temperature) AS a FROM demo GROUP BY SLIDINGWINDOW(ms, %d)"},
		{"AvgMaxCount", "SELECT avg(temperature) AS a, max(temperature) AS m, count(*) AS c FROM demo GROUP BY SLIDINGWINDOW(ms, %d)"},
		{"AvgWhere", "SELECT avg(temperature) AS a FROM demo WHERE temperature > 30 GROUP BY SLIDINGWINDOW(ms, %d)"},
		{"AvgDelayed", "SELECT avg(temperature) AS a FROM demo GROUP BY SLIDINGWINDOW(ms, %d, 100)"},
		{"AvgWhen", "SELECT avg(temperature) AS a FROM demo GROUP BY SLIDINGWINDOW(ms, %d) OVER (WHEN alarm)"},
		{"GroupsWhen", "SELECT device, avg(temperature) AS a, max(temperature) AS m FROM demo GROUP BY device, SLIDINGWINDOW(ms, %d) OVER (WHEN alarm)"},
		{"Groups", "SELECT device, avg(temperature) AS a, max(temperature) AS m FROM demo GROUP BY device, SLIDINGWINDOW(ms, %d)"},
		{"RowsWhen", "SELECT device, temperature FROM demo GROUP BY SLIDINGWINDOW(ms, %d) OVER (WHEN alarm)"},
	} {
		for _, size := range []int{100, 10000, 100000} {
			b.Run(fmt.Sprintf("%s/%d", bc.name, size), func(b *testing.B) { feed(b, fmt.Sprintf(bc.sql, size), 2*size) })
		}
	}
}

// BenchmarkCount is the price of a row where windows hold 10,000 rows.
func BenchmarkCount(b *testing.B) {
	for _, bc := range []struct{ name, sql string }{
		{"Whole", "SELECT avg(temperature) AS a FROM demo GROUP BY COUNTWINDOW(10000)"},
		{"EachRow", "SELECT avg(temperature) AS a FROM demo GROUP BY COUNTWINDOW(10000, 1)"},
		{"Every100", "SELECT avg(temperature) AS a FROM demo GROUP BY COUNTWINDOW(10000, 100)"},
		{"Partition", "SELECT device, avg(temperature) AS a FROM demo GROUP BY COUNTWINDOW(200, 10) OVER (PARTITION BY device)"},
		{"Groups", "SELECT device, avg(temperature) AS a FROM demo GROUP BY device, COUNTWINDOW(10000, 1000)"},
	} {
		b.Run(bc.name, func(b *testing.B) { feed(b, bc.sql, 20000) })
	}
}
