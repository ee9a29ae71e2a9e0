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

// The windows of time are compared with models that look at all rows for each
// window.

// timedRow is a row of the stream: id, a key, a number and its times in
// milliseconds.
type timedRow struct {
	id      int64
	key     string // "": NULL
	v       int64
	arrival int64
	event   int64
}

// timedWindow is what a window must hold. Bounds are in milliseconds.
type timedWindow struct {
	start, end int64
	rows       []timedRow
}

// timedCase is a query with its rows.
type timedCase struct {
	rows      []timedRow
	start     int64 // of the rule
	end       int64 // the last time, in processing time
	eventTime bool
	late      int64
	where     bool // v > 2
	filter    bool // v != 5
	grouped   bool
}

func drawCase(t *rapid.T) timedCase {
	c := timedCase{start: rapid.Int64Range(0, 100_000).Draw(t, "start"), eventTime: rapid.Bool().Draw(t, "event time"),
		where: rapid.Bool().Draw(t, "where"), filter: rapid.Bool().Draw(t, "filter"), grouped: rapid.Bool().Draw(t, "grouped")}
	if c.eventTime {
		c.late = rapid.Int64Range(0, 5000).Draw(t, "late")
	}
	unit := rapid.SampledFrom([]int64{1, 500, 1000}).Draw(t, "unit")
	now, event := c.start, c.start
	for i := range rapid.IntRange(0, 40).Draw(t, "rows") {
		now += unit * rapid.SampledFrom([]int64{0, 0, 1, 1, 2, 3, 7, 30}).Draw(t, "passes")
		event += unit * rapid.SampledFrom([]int64{0, 0, 1, 1, 2, 3, 7, 30}).Draw(t, "event passes")
		c.rows = append(c.rows, timedRow{id: int64(i), arrival: now, key: rapid.SampledFrom([]string{"a", "b", ""}).Draw(t, "key"),
			v: rapid.Int64Range(0, 6).Draw(t, "v"), event: event - unit*rapid.Int64Range(0, 8).Draw(t, "behind")})
	}
	c.end = now + unit*rapid.Int64Range(0, 50).Draw(t, "rest")
	return c
}

// arriving are the rows that get to the window, with their times, and the time
// that the window has reached in the end.
func (c *timedCase) arriving() (rows []timedRow, end int64) {
	if !c.eventTime {
		rows, end = slices.Clone(c.rows), c.end
	} else {
		mark := int64(-1 << 60)
		for _, r := range c.rows {
			if r.event >= mark {
				rows = append(rows, r)
			}
			mark = max(mark, r.event-c.late)
		}
		slices.SortStableFunc(rows, func(a, b timedRow) int { return int(a.event - b.event) })
		rows = slices.DeleteFunc(rows, func(r timedRow) bool { return r.event > mark })
		end = mark
	}
	return slices.DeleteFunc(rows, func(r timedRow) bool {
		return c.filter && r.v == 5 || !c.eventTime && c.where && r.v <= 2
	}), end
}

func (c *timedCase) time(r timedRow) int64 {
	if c.eventTime {
		return r.event
	}
	return r.arrival
}

// expected are the results of windows. An empty one has a result only where
// its kind gives one, and no WHERE stands behind it.
func (c *timedCase) expected(windows []timedWindow) []string {
	var list []string
	behind := c.eventTime && c.where
	for _, w := range windows {
		rows := w.rows
		if behind {
			rows = slices.DeleteFunc(slices.Clone(rows), func(r timedRow) bool { return r.v <= 2 })
		}
		switch {
		case c.grouped && len(rows) > 0:
			list = append(list, w.groups(rows))
		case !c.grouped && (len(rows) > 0 || len(w.rows) == 0 && !behind):
			var parts []string
			for _, r := range rows {
				parts = append(parts, fmt.Sprintf("[%d,%d,%d]", w.start, w.end, r.id))
			}
			list = append(list, strings.Join(parts, ""))
		}
	}
	return list
}

// groups are the groups by key, in the order in which they appear.
func (w *timedWindow) groups(rows []timedRow) string {
	var keys []string
	for _, r := range rows {
		if !slices.Contains(keys, r.key) {
			keys = append(keys, r.key)
		}
	}
	text := ""
	for _, key := range keys {
		first, sum, top, ids := int64(-1), int64(0), int64(0), []string(nil)
		for _, r := range rows {
			if r.key != key {
				continue
			}
			if first < 0 {
				first = r.id
			}
			sum, top, ids = sum+r.v, max(top, r.v), append(ids, fmt.Sprint(r.id))
		}
		text += fmt.Sprintf("[%d,%d,%d,%d,%d,%d,[%s]]", w.start, w.end, first, sum, len(ids), top, strings.Join(ids, ","))
	}
	return text
}

func (c *timedCase) sql(window string) string {
	items, group := "id", window
	if c.grouped {
		items, group = "id, sum(v), count(*), max(v), collect(id)", "k, "+window
	}
	where, filter := "", ""
	if c.where {
		where = " WHERE v > 2"
	}
	if c.filter {
		filter = " FILTER (WHERE v != 5)"
	}
	if before, over, ok := strings.Cut(group, " OVER"); ok {
		group, filter = before, filter+" OVER"+over
	}
	return "SELECT window_start() AS s, window_end() AS e, " + items + " FROM demo" + where + " GROUP BY " + group + filter
}

// check runs the query over the rows, as a host does, with a restart now and
// then, and compares.
func (c *timedCase) check(t *rapid.T, window string, windows []timedWindow) {
	sql := c.sql(window)
	cat := catalog{"demo": {Name: "demo", Schemaless: true, Options: plan.Options{Timestamp: "ts"}}}
	p, err := plan.Build(sql, cat, plan.Settings{EventTime: c.eventTime, LateTolerance: time.Duration(c.late) * time.Millisecond})
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	h := &timedHost{t: t, plan: p, start: time.UnixMilli(c.start), out: &printedResults{}}
	h.open()
	for i := 0; i < len(c.rows); {
		n := min(rapid.IntRange(1, 4).Draw(t, "batch"), len(c.rows)-i)
		h.push(c.rows[i : i+n])
		i += n
		if rapid.IntRange(0, 3).Draw(t, "restart") == 0 {
			h.restart()
		}
	}
	h.advance(c.end * 1e6)
	if want := c.expected(windows); !slices.Equal(h.out.results, want) {
		t.Fatalf("%s\n%+v\ngot\n%s\nwant\n%s", sql, c, strings.Join(h.out.results, "\n"), strings.Join(want, "\n"))
	}
}

// timedHost drives a query as the rules service does.
type timedHost struct {
	t     *rapid.T
	plan  *plan.Plan
	run   *exec.Run
	start time.Time
	now   int64
	out   *printedResults
}

func (h *timedHost) open() {
	h.t.Helper()
	var err error
	h.run, err = exec.Open(h.plan, exec.Env{Start: h.start, Location: time.UTC, Now: func() time.Time { return time.Unix(0, h.now) },
		OnRowError: func(e *exec.RowError) { h.t.Fatal(e) }}, h.out)
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *timedHost) restart() {
	state := h.run.Snapshot()
	h.open()
	if err := h.run.Restore(state); err != nil {
		h.t.Fatal(err)
	}
	if again := h.run.Snapshot(); string(again) != string(state) {
		h.t.Fatal("the state of a restored run differs")
	}
}

func (h *timedHost) advance(to int64) {
	h.now = to
	if next, ok := h.run.Next(); ok && next <= to {
		if err := h.run.Advance(to); err != nil {
			h.t.Fatal(err)
		}
	}
}

// push gives rows in batches that end where something is due.
func (h *timedHost) push(rows []timedRow) {
	columns := h.plan.Inputs("demo")
	for i := 0; i < len(rows); {
		h.advance(rows[i].arrival * 1e6)
		next, due := h.run.Next()
		batch := &value.Batch{}
		for i < len(rows) && (len(batch.Rows) == 0 || !due || rows[i].arrival*1e6 < next) {
			batch.Rows = append(batch.Rows, rows[i].row(columns))
			i++
		}
		if err := h.run.Push("demo", batch); err != nil {
			h.t.Fatal(err)
		}
	}
}

func (r *timedRow) row(columns []value.Column) value.Row {
	row := value.Row{Time: r.arrival * 1e6}
	for _, c := range columns {
		v := map[string]value.Value{"id": value.OfInt(r.id), "v": value.OfInt(r.v), "ts": value.OfInt(r.event)}[c.Name]
		if c.Name == "k" && r.key != "" {
			v = value.OfString(r.key)
		}
		row.Cols = append(row.Cols, v)
	}
	return row
}

// printedResults keeps results as text.
type printedResults struct {
	counter
	results []string
}

func (p *printedResults) Push(b *value.Batch) error {
	text := ""
	for _, r := range b.Rows {
		line, err := value.OfList(r.Cols).AppendJSON(nil)
		if err != nil {
			return err
		}
		text += string(line)
	}
	p.results = append(p.results, text)
	return p.counter.Push(b)
}

func TestHoppingLikeModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t)
		size, hop := rapid.Int64Range(1, 20).Draw(t, "size"), rapid.Int64Range(1, 12).Draw(t, "hop")
		if rapid.IntRange(0, 3).Draw(t, "tumbling") == 0 {
			c.check(t, fmt.Sprintf("TUMBLINGWINDOW(ss, %d)", hop), c.hopping(hop, hop, true))
			return
		}
		c.check(t, fmt.Sprintf("HOPPINGWINDOW(ss, %d, %d)", size, hop), c.hopping(size, hop, false))
	})
}

// firstTick is the first multiple of so many seconds of the minute.
func firstTick(start, step int64) int64 {
	passed := (start%60_000 + 60_000) % 60_000
	return start - passed + (passed/(step*1000)+1)*step*1000
}

func (c *timedCase) hopping(size, hop int64, fromStart bool) []timedWindow {
	rows, last := c.arriving()
	start := c.start
	if c.eventTime {
		if len(rows) == 0 {
			return nil
		}
		start = c.time(rows[0])
	}
	var list []timedWindow
	for end := firstTick(start, hop); end <= last; end += hop * 1000 {
		w := timedWindow{start: end - size*1000, end: end}
		for _, r := range rows {
			if at := c.time(r); w.start <= at && at < end {
				w.rows = append(w.rows, r)
			}
		}
		if fromStart {
			w.start = max(w.start, start)
		}
		list = append(list, w)
	}
	return list
}

func TestSessionLikeModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t)
		length, gap := rapid.Int64Range(1, 20).Draw(t, "length"), rapid.Int64Range(1, 8).Draw(t, "gap")
		c.check(t, fmt.Sprintf("SESSIONWINDOW(ss, %d, %d)", length, gap), c.sessions(length*1000, gap*1000))
	})
}

// sessions finds for each first row of a session the rows that follow it.
func (c *timedCase) sessions(length, gap int64) []timedWindow {
	rows, last := c.arriving()
	base := c.start
	if c.eventTime && len(rows) > 0 {
		base = c.time(rows[0])
	}
	var list []timedWindow
	for i := 0; i < len(rows); {
		start := c.time(rows[i])
		limit := firstTick(base, length/1000)
		for limit <= start+length {
			limit += length
		}
		w := timedWindow{start: start}
		silent := start + gap
		in := func(at int64) bool { return at < limit && (at < silent || c.eventTime && at == silent) }
		for i < len(rows) && in(c.time(rows[i])) {
			silent = c.time(rows[i]) + gap
			w.rows = append(w.rows, rows[i])
			i++
		}
		w.end = min(silent, limit)
		if w.end < last || w.end == last && (!c.eventTime || w.end == limit) {
			list = append(list, w)
		}
	}
	return list
}

func TestStateLikeModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t)
		window, until := "STATEWINDOW(v > 3)", false
		if until = rapid.Bool().Draw(t, "until"); until {
			window = "STATEWINDOW(v > 3, v < 5)"
		}
		keys := []string{"a", "b", ""}
		parted := rapid.Bool().Draw(t, "partition")
		if parted {
			window += " OVER (PARTITION BY k)"
		}
		rows, _ := c.arriving()
		type ended struct {
			timedWindow
			by int // index of the row that ends it
		}
		var list []ended
		for _, key := range keys {
			open := -1
			for i, r := range rows {
				if parted && r.key != key {
					continue
				}
				begins, ends := r.v > 3, until && r.v < 5
				over := i
				if until {
					over++
				}
				if open >= 0 && (until && ends || !until && begins) {
					w := timedWindow{start: c.time(rows[open]), end: c.time(r)}
					for _, in := range rows[open:over] {
						if !parted || in.key == key {
							w.rows = append(w.rows, in)
						}
					}
					list = append(list, ended{w, i})
					open = -1
					if until {
						continue
					}
				}
				if open < 0 && begins {
					open = i
				}
			}
			if !parted {
				break
			}
		}
		slices.SortFunc(list, func(a, b ended) int { return a.by - b.by })
		var windows []timedWindow
		for _, e := range list {
			windows = append(windows, e.timedWindow)
		}
		c.check(t, window, windows)
	})
}

// TestRowBehindTheClock: a row that is older than the last end, which a host
// should not push, counts as one of that moment.
func TestRowBehindTheClock(t *testing.T) {
	for window, want := range map[string]string{
		"TUMBLINGWINDOW(ss, 5)":    "[1000] [1003] []",
		"HOPPINGWINDOW(ss, 10, 5)": "[1000] [1000,1003] [1003]",
	} {
		out := &printedResults{}
		run, _ := open(t, "SELECT collect(a) FROM demo GROUP BY "+window, out, nil)
		for _, seconds := range []int64{0, 3} {
			row := value.Row{Time: seconds * 1e9, Cols: []value.Value{value.OfInt(1000 + seconds)}}
			if err := run.Push("demo", &value.Batch{Rows: []value.Row{row}}); err != nil {
				t.Fatal(err)
			}
			if err := run.Advance(5e9 + seconds*5e9); err != nil {
				t.Fatal(err)
			}
		}
		got := strings.NewReplacer("[[", "[", "]]", "]", "[null]", "[]").Replace(strings.Join(out.results, " "))
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", window, got, want)
		}
	}
}
