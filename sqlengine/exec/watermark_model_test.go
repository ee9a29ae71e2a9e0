package exec_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/sqlengine/exec"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// modelMark is a watermark of two streams in milliseconds, which looks at
// everything again for each row.
type modelMark struct {
	late, idle int64 // idle 0: never
	heard      [2]int64
	seen       [2][]int64
	mark       int64
	rows       []markedRow
	dropped    int
}

type markedRow struct {
	stream int
	id     int64
	at     int64
}

const modelWindowMillis = 2000

// pass lets the host's time come to now.
func (m *modelMark) pass(now int64) {
	var newest []int64
	waiting, silent := false, int64(0)
	for s := range m.seen {
		silent = max(silent, m.heard[s]+m.idle)
		if m.idle > 0 && now >= m.heard[s]+m.idle {
			continue
		}
		if len(m.seen[s]) == 0 {
			waiting = true
			continue
		}
		newest = append(newest, slices.Max(m.seen[s]))
	}
	all := slices.Concat(m.seen[0], m.seen[1])
	switch {
	case waiting || len(all) == 0:
	case newest != nil:
		m.mark = max(m.mark, slices.Min(newest)-m.late)
	default:
		m.mark = max(m.mark, slices.Max(all))
		reached := slices.Max(all) + now - silent
		m.mark = max(m.mark, reached-reached%modelWindowMillis)
	}
}

func (m *modelMark) take(now int64, r markedRow) {
	m.pass(now)
	m.heard[r.stream] = now
	m.seen[r.stream] = append(m.seen[r.stream], r.at)
	if r.at < m.mark {
		m.dropped++
		return
	}
	m.rows = append(m.rows, r)
	m.pass(now)
}

// windows are those with rows that the watermark has passed.
func (m *modelMark) windows() []string {
	var list []string
	slices.SortStableFunc(m.rows, func(a, b markedRow) int { return int(a.at - b.at) })
	for end := int64(modelWindowMillis); end <= m.mark; end += modelWindowMillis {
		text := ""
		for stream := range 2 {
			for _, r := range m.rows {
				if r.stream == stream && end-modelWindowMillis <= r.at && r.at < end {
					text += []string{fmt.Sprintf("[%d,null]", r.id), fmt.Sprintf("[null,%d]", r.id)}[stream]
				}
			}
		}
		if text != "" {
			list = append(list, text)
		}
	}
	return list
}

// TestWatermarkLikeModel: two streams with rows in disorder, silences and
// restarts.
func TestWatermarkLikeModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &modelMark{late: rapid.Int64Range(0, 3000).Draw(t, "late"), mark: -1 << 60}
		if rapid.Bool().Draw(t, "idle") {
			m.idle = rapid.Int64Range(1, 6).Draw(t, "idle timeout") * 1000
		}
		p, err := plan.Build("SELECT demo.id AS l, other.id AS r FROM demo FULL JOIN other ON demo.id = other.id GROUP BY TUMBLINGWINDOW(ss, 2)", timed,
			plan.Settings{EventTime: true, LateTolerance: time.Duration(m.late) * time.Millisecond, IdleTimeout: time.Duration(m.idle) * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		h := &timedHost{t: t, plan: p, start: time.Unix(0, 0), out: &printedResults{}}
		h.open()
		now, event, late := int64(0), int64(0), uint64(0)
		for i := range rapid.Int64Range(0, 40).Draw(t, "rows") {
			passes := rapid.SampledFrom([]int64{0, 100, 500, 1000, 7000}).Draw(t, "passes")
			now, event = now+passes, event+passes
			r := markedRow{stream: rapid.IntRange(0, 1).Draw(t, "stream"), id: i, at: max(0, event-500*rapid.Int64Range(0, 6).Draw(t, "behind"))}
			m.take(now, r)
			h.pass(now * 1e6)
			h.marked(r)
			if rapid.IntRange(0, 3).Draw(t, "restart") == 0 {
				late += h.run.Stats()[1].Late
				h.restart()
			}
		}
		now += rapid.Int64Range(0, 20).Draw(t, "rest") * 1000
		m.pass(now)
		h.pass(now * 1e6)
		if got, want := h.out.results, m.windows(); !slices.Equal(got, want) {
			t.Fatalf("%+v\ngot\n%s\nwant\n%s", m, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if late += h.run.Stats()[1].Late; late != uint64(m.dropped) {
			t.Fatalf("%+v\n%d late rows, want %d", m, late, m.dropped)
		}
	})
}

// pass lets the time pass by way of each moment that the query waits for.
func (h *timedHost) pass(to int64) {
	for next, ok := h.run.Next(); ok && next <= to; next, ok = h.run.Next() {
		h.now = next
		if err := h.run.Advance(next); err != nil {
			h.t.Fatal(err)
		}
	}
	h.now = to
}

func (h *timedHost) marked(r markedRow) {
	stream := []string{"demo", "other"}[r.stream]
	row := value.Row{Time: h.now}
	for _, c := range h.plan.Inputs(stream) {
		v := value.OfInt(r.at)
		if c.Name == "id" {
			v = value.OfInt(r.id)
		}
		row.Cols = append(row.Cols, v)
	}
	if err := h.run.Push(stream, &value.Batch{Rows: []value.Row{row}}); err != nil {
		h.t.Fatal(err)
	}
}

// TestDamagedState: whatever is wrong with a snapshot, it is refused, or the
// run goes on without a panic.
func TestDamagedState(t *testing.T) {
	windows := []string{"TUMBLINGWINDOW(ss, 2)", "HOPPINGWINDOW(ss, 5, 2)", "HOPPINGWINDOW(dd, 3, 2)", "SESSIONWINDOW(ss, 9, 4)", "SESSIONWINDOW(dd, 2, 1)",
		"STATEWINDOW(v > 3, v < 2) OVER (PARTITION BY k)"}
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t)
		c.where, c.filter = false, false
		p, err := plan.Build(c.sql(rapid.SampledFrom(windows).Draw(t, "window")), timed,
			plan.Settings{EventTime: c.eventTime, LateTolerance: time.Duration(c.late) * time.Millisecond, IdleTimeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		h := &timedHost{t: t, plan: p, start: time.UnixMilli(c.start), out: &printedResults{}}
		h.open()
		h.push(c.rows)
		state := h.run.Snapshot()
		if len(state) < 12 {
			return
		}
		state = append(slices.Clone(state), 0)
		at := rapid.IntRange(10, len(state)-2).Draw(t, "at") // behind the fingerprint
		switch rapid.IntRange(0, 2).Draw(t, "damage") {
		case 0:
			state = state[:at]
		case 1:
			state[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
			state = state[:len(state)-1]
		case 2:
			state = slices.Insert(state[:len(state)-1], at, rapid.SliceOfN(rapid.Byte(), 1, 12).Draw(t, "bytes")...)
		}
		run, err := exec.Open(p, exec.Env{Start: h.start, Location: time.UTC, Now: func() time.Time { return time.Unix(0, h.now) }, OnRowError: func(e *exec.RowError) {
			if strings.Contains(e.Error(), "panic") {
				t.Fatal(e)
			}
		}}, &counter{})
		if err != nil {
			t.Fatal(err)
		}
		if run.Restore(state) != nil {
			return
		}
		h.run = run
		h.push(c.rows[max(0, len(c.rows)-1):])
		for range 3 {
			if next, ok := run.Next(); ok && next < 1<<62 {
				h.now = max(h.now, next)
				if err := run.Advance(h.now); err != nil {
					t.Fatal(err)
				}
			}
		}
		run.Snapshot()
	})
}
