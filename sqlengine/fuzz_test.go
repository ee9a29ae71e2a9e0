package sqlengine_test

import (
	"strings"
	"testing"

	"sluice/sqlengine"
)

// scripts drive seeds: rows of all streams, and the time, the parameters and
// the state in between.
var scripts = []string{
	"\x00\x01\x21\x02\x32\x03\x0f\x00\x63\x04\x84\x05\x0d\x00\x0f\x00\x65\x06\x96\x07\x0e\x01\x97\x08\x0f\x00\xa8\x09\x0c\x09\x0f\x00\xa9\x0a\x0d\x00",
	"\x01\x08\x11\x09\x12\x0a\x13\x0b\x0f\x00\x64\x0c\x65\x0d\x66\x0e\x0f\x00\xb7\x0f\x60\x10\x0d\x00\x61\x11\x0f\x00\x62\x12\xc3\x13\x0c\x0b",
}

// FuzzQuery: no statement and no query panics, neither when it is compiled nor
// when it runs; rows may fail. What comes is the same when the state moves to
// another run, when the run shares its streams, and when the caller uses its
// batches again; and the run outlives an output that fails.
func FuzzQuery(f *testing.F) {
	for i, c := range goldenCases(f) {
		f.Add(c.streams, c.sql, c.options, []byte(scripts[i%len(scripts)]))
	}
	f.Fuzz(func(t *testing.T, defined, sql string, options uint8, script []byte) {
		if st, err := sqlengine.ParseStatement(sql); err == nil && st.Stream != nil {
			st.Stream.Describe()
		}
		c := fuzzCase{defined, sql, options}
		q, cat, err := c.compile()
		if err != nil || len(script) > 200 {
			return
		}
		if q.Explain() == "" {
			t.Error("no plan")
		}
		want := (&fuzzHost{t: t, query: q, catalog: cat}).play(script)
		(&fuzzHost{t: t, query: q, catalog: cat, fails: 1 + len(script)%5, moves: true}).play(script)
		if !steady(sql) {
			return
		}
		for name, h := range map[string]*fuzzHost{
			"state moves":     {moves: true},
			"batches go back": {rude: true},
			"shares streams":  {shares: true, moves: true, rude: true},
		} {
			h.t, h.query, h.catalog = t, q, cat
			if got := h.play(script); got != want {
				t.Errorf("%s: got\n%s\nwant\n%s\n%s", name, got, want, q.Explain())
			}
		}
	})
}

// steady tells whether a query yields the same whenever it runs.
func steady(sql string) bool {
	sql = strings.ToLower(sql)
	for _, word := range []string{"rand", "uuid", "uniform"} {
		if strings.Contains(sql, word) {
			return false
		}
	}
	return true
}

// FuzzRestore: whatever bytes are restored, the run either refuses them or
// goes on without a panic.
func FuzzRestore(f *testing.F) {
	for i, c := range goldenCases(f) {
		q, cat, err := c.compile()
		if err != nil {
			continue
		}
		script := scripts[i%len(scripts)]
		h := &fuzzHost{t: f, query: q, catalog: cat}
		h.play([]byte(script))
		f.Add(c.streams, c.sql, c.options, h.run.Snapshot())
	}
	f.Fuzz(func(t *testing.T, defined, sql string, options uint8, state []byte) {
		c := fuzzCase{defined, sql, options}
		q, cat, err := c.compile()
		if err != nil {
			return
		}
		h := &fuzzHost{t: t, query: q, catalog: cat}
		h.open()
		own := h.run.Snapshot()
		if len(state) >= 10 && len(own) >= 10 {
			state = append(own[:10:10], state[10:]...) // the fingerprint, a number of ten bytes at most
		}
		if h.run.Restore(state) != nil {
			return
		}
		for i, what := range []byte("\x00\x62\x0d\xa1\x0d\x0c") {
			h.act(what, byte(i))
		}
		h.run.Snapshot()
	})
}
