package delivery

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sluice/sqlengine/value"
)

// A batch that is sent when its time has come does not make a full queue grow.
func TestLingerIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.set(errRefused)
		p := poolOf(s)
		target := openRule(t, p, "r1", "t", map[string]any{"lingerInterval": "10ms", "bufferLength": 10})
		const n = 500
		for i := range n {
			push(target, i, i+1)
			time.Sleep(20 * time.Millisecond)
		}
		st := target.Stats()
		if st.BufferLength > 10+1 || st.DroppedBy[Overflow]+uint64(st.BufferLength) != n {
			t.Errorf("%+v", st)
		}
		_ = target.Finish(canceled(t))
	})
}

func TestBatch(t *testing.T) {
	for _, c := range []struct {
		name  string
		props map[string]any
		want  string
	}{
		{"arrays nest", map[string]any{"batchSize": 2}, `[[{"a":1}],[{"a":2}]] | [[{"a":3}],[{"a":4}]] | [[{"a":5}]]`},
		{"single", map[string]any{"batchSize": 2, "sendSingle": true}, `[{"a":1},{"a":2}] | [{"a":3},{"a":4}] | [{"a":5}]`},
		{"linger", map[string]any{"lingerInterval": "1h", "sendSingle": true}, `[{"a":1},{"a":2},{"a":3},{"a":4},{"a":5}]`},
		{"one", map[string]any{"batchSize": 1, "sendSingle": true}, `{"a":1} | {"a":2} | {"a":3} | {"a":4} | {"a":5}`},
		{"topics differ", map[string]any{"batchSize": 9, "sendSingle": true, "topic": `{{if lt .a 3.0}}x{{else}}y{{end}}`}, `[{"a":1},{"a":2}] | [{"a":3},{"a":4},{"a":5}]`},
		{"template", map[string]any{"batchSize": 3, "sendSingle": true, "dataTemplate": `{"v":{{.a}}}`}, `[{"v":1},{"v":2},{"v":3}] | [{"v":4},{"v":5}]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{}
				if c.props["dataTemplate"] == nil {
					c.props["fields"] = "a"
				}
				target := open(t, f.pool(), c.props, Form{})
				start := time.Now()
				_ = target.Push(floats(1, 2, 3))
				_ = target.Push(floats(4, 5))
				_ = target.Finish(t.Context())
				if got := strings.Join(f.sent(), " | "); got != c.want || time.Since(start) > 0 {
					t.Errorf("after %s\n got %s\nwant %s", time.Since(start), got, c.want)
				}
				if st := target.Stats(); st.Dropped != 0 || st.BufferLength != 0 || st.MessagesProcessed != 5 {
					t.Errorf("%+v", st)
				}
			})
		})
	}
}

func floats(a ...float64) *value.Batch {
	b := &value.Batch{Schema: ab}
	for _, f := range a {
		b.Rows = append(b.Rows, value.Row{Cols: []value.Value{value.OfFloat(f), value.OfString("x")}})
	}
	return b
}

// A sink that takes rows gets those of all results in one message.
func TestBatchOfRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		target := open(t, rowsPool(f), map[string]any{"batchSize": 2, "fields": "a"}, Form{})
		_ = target.Push(rows(nil, 1, 2, 3))
		_ = target.Finish(t.Context())
		if got := f.sentRows(t); got != `{"a":1}{"a":2} | {"a":3}` {
			t.Error(got)
		}
	})
}

// A rest is sent in time, by one timer for all the actions of a connection.
func TestLinger(t *testing.T) {
	for props, want := range map[string]time.Duration{`{"batchSize":100}`: time.Second, `{"lingerInterval":"300ms"}`: 300 * time.Millisecond,
		`{"batchSize":100,"lingerInterval":5000}`: 5 * time.Second} {
		t.Run(props, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{}
				p := f.pool()
				var more map[string]any
				switch want {
				case time.Second:
					more = map[string]any{"batchSize": 100}
				case 5 * time.Second:
					more = map[string]any{"batchSize": 100, "lingerInterval": 5000}
				default:
					more = map[string]any{"lingerInterval": "300ms"}
				}
				one, two := openRule(t, p, "r1", "one", more), openRule(t, p, "r2", "two", more)
				var acks atomic.Int64
				ack := value.NewAck(func(error) { acks.Add(1) })
				_ = one.Push(rows(ack, 1, 2))
				ack.Release(nil)
				time.Sleep(want / 2)
				push(two, 3, 4)
				_ = one.Push(rows(nil, 4))
				synctest.Wait()
				if len(f.sent()) != 0 || one.Stats().BufferLength != 1 || acks.Load() != 0 {
					t.Errorf("%v, %+v, %d acks at half time", f.sent(), one.Stats(), acks.Load())
				}
				time.Sleep(want/2 + lingerGrain)
				synctest.Wait()
				if got := f.sent(); !slices.Equal(got, []string{`[{"a":1},{"a":2},{"a":4}]`}) || acks.Load() != 1 {
					t.Errorf("%v, %d acks at its end", got, acks.Load())
				}
				time.Sleep(want / 2)
				synctest.Wait()
				if got := f.sent(); len(got) != 2 || got[1] != `[{"a":3}]` {
					t.Error(got)
				}
				push(one, 5, 6) // the timer starts anew
				time.Sleep(want + 2*lingerGrain)
				synctest.Wait()
				if got := f.sent(); len(got) != 3 || got[2] != `[{"a":5}]` {
					t.Error(got)
				}
				_ = p.Close(t.Context())
			})
		})
	}
}

// Every row of a batch is acknowledged when the message is on disk, and the
// whole of it is delivered after a restart, once.
func TestBatchAcrossARestart(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.set(errRefused)
		more := map[string]any{"batchSize": 10, "lingerInterval": "1h"}
		p := storingPool(s, Storage{Dir: dir})
		target := openRule(t, p, "r1", "t", more)
		var acks atomic.Int64
		for i := range 25 {
			ack := value.NewAck(func(err error) {
				if acks.Add(1); err != nil {
					t.Error(err)
				}
			})
			_ = target.Push(rows(ack, i))
			ack.Release(nil)
		}
		mark := target.Mark()
		if err := target.Settle(t.Context(), mark); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if acks.Load() != 25 {
			t.Errorf("%d rows are acknowledged, want 25 with the rest that the mark has sent", acks.Load())
		}
		_ = p.Close(canceled(t))
		f := &fake{}
		p = storingPool(fakeSink{f}, Storage{Dir: dir})
		a := Action{Rule: "r1", Type: "fake", Props: map[string]any{"sendSingle": true, "fields": "a", "topic": "t", "batchSize": 2}, From: mark}
		target, err := p.Open(a)
		if err != nil {
			t.Fatal(err)
		}
		push(target, 25, 27)
		settled(t, "all is written", func() bool { return len(f.sent()) == 4 })
		all, want := strings.Join(f.sent(), ""), ""
		for i := range 27 {
			if i > 0 {
				want += ","
			}
			want += fmt.Sprintf(`{"a":%d}`, i)
		}
		if got := strings.ReplaceAll(strings.Trim(all, "[]"), "][", ","); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
		_ = p.Close(t.Context())
	})
}

// What would break the array is counted, and costs the others nothing.
func TestBatchOfNoJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		target := open(t, f.pool(), map[string]any{"batchSize": 5, "sendSingle": true, "dataTemplate": `{{if eq .a 2.0}}oops"{{else}}{{.a}}{{end}}`}, Form{})
		_ = target.Push(floats(1, 2, 3))
		_ = target.Finish(context.Background())
		if got := f.sent(); !slices.Equal(got, []string{"[1,3]"}) {
			t.Error(got)
		}
		if st := target.Stats(); st.DroppedBy[Unrendered] != 1 || st.Dropped != 1 || !strings.Contains(st.LastException, "must give JSON") {
			t.Errorf("%+v", st)
		}
	})
}

// A row that comes while its action ends is not left behind in a batch.
func TestBatchWhileTheActionEnds(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p := storingPool(stuck{}, Storage{Dir: dir})
		target := openRule(t, p, "r1", "t", map[string]any{"batchSize": 10, "lingerInterval": "1h"})
		push(target, 0, 10)
		var acks atomic.Int64
		go func() {
			time.Sleep(time.Second)
			ack := value.NewAck(func(error) { acks.Add(1) })
			_ = target.Push(rows(ack, 10))
			ack.Release(nil)
		}()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if err := target.Finish(ctx); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if acks.Load() != 1 {
			t.Error("nobody tells what became of it")
		}
	})
}
