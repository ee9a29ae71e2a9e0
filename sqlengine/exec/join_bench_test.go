package exec_test

import (
	"fmt"
	"testing"
	"time"

	"sluice/sqlengine/exec"
	"sluice/sqlengine/value"
)

// deviceRows are rows of a device and a number.
func deviceRows(n int) []value.Row {
	rows := make([]value.Row, n)
	for i := range rows {
		rows[i].Cols = []value.Value{value.OfString(fmt.Sprintf("device-%d", i)), value.OfInt(int64(i))}
	}
	return rows
}

var deviceSchema = &value.Schema{Columns: []value.Column{{Name: "device"}, {Name: "n"}}}

// BenchmarkJoinWindow joins 1,000 with 1,000 rows each window, by equality,
// where each row has one match, and by a condition on every tenth pair of 100
// with 100.
func BenchmarkJoinWindow(b *testing.B) {
	for _, bc := range []struct {
		name, on string
		rows     int
	}{
		{"Equal/1000", "l.device = r.device", 1000},
		{"EqualAndMore/1000", "l.device = r.device AND l.n <= r.n", 1000},
		{"NestedLoop/100", "l.n % 10 = r.n % 10", 100},
	} {
		b.Run(bc.name, func(b *testing.B) {
			env := exec.Env{Schemas: map[string]*value.Schema{"l": deviceSchema, "r": deviceSchema}}
			out := &counter{}
			run := openJoin(b, "SELECT l.n, r.n AS m FROM l INNER JOIN r ON "+bc.on+" GROUP BY TUMBLINGWINDOW(ss, 1)", env, out)
			batch := &value.Batch{Rows: deviceRows(bc.rows)}
			now := int64(0)
			b.ReportAllocs()
			for b.Loop() {
				for i := range batch.Rows {
					batch.Rows[i].Time = now
				}
				push(b, run, "l", batch.Rows...)
				push(b, run, "r", batch.Rows...)
				now += int64(time.Second)
				if err := run.Advance(now); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*2*bc.rows), "ns/row")
			if out.rows == 0 {
				b.Fatal("no result")
			}
		})
	}
}

// BenchmarkJoinTable joins each row of a stream with a table of 1,000 rows.
func BenchmarkJoinTable(b *testing.B) {
	for _, size := range []int{1, 100} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			env := exec.Env{Schemas: map[string]*value.Schema{"l": deviceSchema, "t": deviceSchema}}
			run := openJoin(b, "SELECT l.n, t.n AS m FROM l INNER JOIN t ON l.device = t.device", env, &counter{})
			rows := deviceRows(1000)
			push(b, run, "t", rows...)
			batch := &value.Batch{Rows: rows[:size]}
			b.ReportAllocs()
			for b.Loop() {
				if err := run.Push("l", batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size), "ns/row")
		})
	}
}
