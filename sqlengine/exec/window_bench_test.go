package exec_test

import (
	"fmt"
	"testing"
	"time"

	"sluice/sqlengine/exec"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// BenchmarkWindow pushes rows of 50 devices, one a millisecond, and lets the
// windows of time end: what comes out counts, too.
func BenchmarkWindow(b *testing.B) {
	const groups = "SELECT device, avg(temperature) AS a FROM demo GROUP BY device, "
	for _, bc := range []struct{ name, sql string }{
		{"TumblingGroups", groups + "TUMBLINGWINDOW(ss, 10)"},
		{"TumblingTotal", "SELECT avg(temperature) AS a FROM demo GROUP BY TUMBLINGWINDOW(ss, 10)"},
		{"TumblingRows", "SELECT temperature FROM demo GROUP BY TUMBLINGWINDOW(ss, 10)"},
		{"HoppingGroups", groups + "HOPPINGWINDOW(ss, 60, 10)"},
		{"HoppingManyPanes", groups + "HOPPINGWINDOW(ss, 600, 1)"},
		{"HoppingRows", "SELECT temperature FROM demo GROUP BY HOPPINGWINDOW(ss, 60, 10)"},
		{"SessionGroups", groups + "SESSIONWINDOW(ss, 10, 1)"},
		{"StateGroups", groups + "STATEWINDOW(temperature > 68)"},
		{"StatePartitions", "SELECT device, avg(temperature) AS a FROM demo GROUP BY STATEWINDOW(temperature > 68) OVER (PARTITION BY device)"},
	} {
		for _, size := range []int{1, 100} {
			b.Run(fmt.Sprintf("%s/%d", bc.name, size), func(b *testing.B) {
				run, p := open(b, bc.sql, &counter{}, func(e *exec.RowError) { b.Error(e) })
				pushThrough(b, run, rowsOf(p, size), nil)
			})
		}
	}
}

// BenchmarkEventTime is about the watermark: rows come in order, or up to a
// second late.
func BenchmarkEventTime(b *testing.B) {
	for _, bc := range []struct {
		name, sql string
		disorder  int64 // milliseconds
	}{
		{"Rows", "SELECT temperature FROM demo", 0},
		{"RowsInDisorder", "SELECT temperature FROM demo", 1000},
		{"TumblingGroups", "SELECT device, avg(temperature) AS a FROM demo GROUP BY device, TUMBLINGWINDOW(ss, 10)", 0},
		{"TumblingGroupsInDisorder", "SELECT device, avg(temperature) AS a FROM demo GROUP BY device, TUMBLINGWINDOW(ss, 10)", 1000},
	} {
		for _, size := range []int{1, 100} {
			b.Run(fmt.Sprintf("%s/%d", bc.name, size), func(b *testing.B) {
				p, err := plan.Build(bc.sql, timed, plan.Settings{EventTime: true, LateTolerance: time.Second})
				if err != nil {
					b.Fatal(err)
				}
				run, err := exec.Open(p, exec.Env{Start: time.Unix(0, 0), Location: time.UTC, OnRowError: func(e *exec.RowError) { b.Error(e) }}, &counter{})
				if err != nil {
					b.Fatal(err)
				}
				at := 0
				for i, c := range p.Inputs("demo") {
					if c.Name == "ts" {
						at = i
					}
				}
				rows := rowsOf(p, size)
				pushThrough(b, run, rows, func(r *value.Row, n int64) {
					r.Cols = append([]value.Value{}, r.Cols...)
					r.Cols[at] = value.OfInt(n - n*7919%(bc.disorder+1))
				})
			})
		}
	}
}

// pushThrough pushes the rows again and again, with times of a millisecond
// more; edit makes the n-th row.
func pushThrough(b *testing.B, run *exec.Run, rows []value.Row, edit func(r *value.Row, n int64)) {
	batch := &value.Batch{Rows: rows}
	n := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		for i := range rows {
			n++
			rows[i].Time = n * 1e6
			if edit != nil {
				edit(&rows[i], n)
			}
		}
		if next, ok := run.Next(); ok && next <= rows[0].Time {
			if err := run.Advance(rows[0].Time); err != nil {
				b.Fatal(err)
			}
		}
		if err := run.Push("demo", batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/row")
}
