package index_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sluice/sqlengine/index"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

const columns = 3

var numbers = []value.Value{
	value.OfInt(1), value.OfInt(2), value.OfFloat(2), value.OfFloat(1.5), value.OfInt(0), value.OfFloat(math.Copysign(0, -1)),
	value.OfInt(1 << 53), value.OfInt(1<<53 + 1), value.OfFloat(1 << 53), value.OfInt(math.MaxInt64), value.OfInt(math.MinInt64),
	value.OfFloat(1 << 63), value.OfFloat(-1 << 63), value.OfFloat(math.Inf(1)), value.OfFloat(math.Inf(-1)), value.OfFloat(-1.5),
}

var texts = []value.Value{value.OfString(""), value.OfString("a"), value.OfString("a\x00"), value.OfString("ab"), value.OfString("b")}

// strange are values that only rows have.
var strange = []value.Value{
	value.OfFloat(math.NaN()), {}, value.Missing, value.OfTime(1), value.OfBytes([]byte("a")), value.OfList(nil),
}

var truths = []value.Value{value.OfBool(true), value.OfBool(false)}

func drawCondition(t *rapid.T) index.Condition {
	c := index.Condition{Slot: rapid.IntRange(0, columns-1).Draw(t, "slot")}
	if rapid.IntRange(0, 1).Draw(t, "equal") == 0 {
		c.Op = syntax.Equal
		pool := rapid.SampledFrom([][]value.Value{numbers, texts, truths}).Draw(t, "class")
		c.Values = rapid.SliceOfN(rapid.SampledFrom(pool), 1, 3).Draw(t, "values")
		return c
	}
	c.Op = rapid.SampledFrom([]syntax.Op{syntax.Less, syntax.LessEqual, syntax.Greater, syntax.GreaterEqual}).Draw(t, "op")
	pool := rapid.SampledFrom([][]value.Value{numbers, numbers, texts}).Draw(t, "class")
	c.Values = []value.Value{rapid.SampledFrom(pool).Draw(t, "value")}
	return c
}

func drawRow(t *rapid.T) value.Row {
	pool := slices.Concat(numbers, numbers, texts, truths, strange)
	cols := rapid.SliceOfN(rapid.SampledFrom(pool), columns-1, columns).Draw(t, "row") // a row may lack its last column
	return value.Row{Cols: cols}
}

// outcome is what a query makes of a row.
type outcome uint8

const (
	rejects outcome = iota
	matches
	fails
)

// naive asks condition after condition.
func naive(list []index.Condition, row value.Row) outcome {
	for _, c := range list {
		if c.Slot >= len(row.Cols) {
			return fails
		}
		if o := ask(c, row.Cols[c.Slot]); o != matches {
			return o
		}
	}
	return matches
}

func ask(c index.Condition, v value.Value) outcome {
	if v.IsNull() {
		return rejects
	}
	for _, k := range c.Values {
		order, ok := value.Compare(v, k)
		if !ok {
			return fails
		}
		if map[syntax.Op]bool{
			syntax.Equal: order == 0, syntax.Less: order < 0, syntax.LessEqual: order <= 0,
			syntax.Greater: order > 0, syntax.GreaterEqual: order >= 0,
		}[c.Op] {
			return matches
		}
	}
	return rejects
}

// TestFindsWhatMatters: whoever matches or fails is found, once and in order,
// and who is found for sure does match; queries come and go.
func TestFindsWhatMatters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x index.Index
		queries := map[uint32][]index.Condition{}
		entries := map[uint32]*index.Entry{}
		for rank := range uint32(rapid.IntRange(1, 40).Draw(t, "queries")) {
			queries[rank] = rapid.SliceOfN(rapid.Custom(drawCondition), 1, 4).Draw(t, "conditions")
			entries[rank] = &index.Entry{Rank: rank}
			x.Add(entries[rank], queries[rank])
		}
		rows := rapid.SliceOfN(rapid.Custom(drawRow), 1, 12).Draw(t, "rows")
		checkHits(t, &x, queries, rows)
		for rank := range uint32(len(entries)) {
			if rapid.Bool().Draw(t, "remove") {
				x.Remove(entries[rank], queries[rank])
				delete(queries, rank)
			}
		}
		checkHits(t, &x, queries, rows)
		for rank := range queries {
			x.Remove(entries[rank], queries[rank])
		}
		if !x.Empty() {
			t.Fatal("something is left")
		}
	})
}

func checkHits(t *rapid.T, x *index.Index, queries map[uint32][]index.Condition, rows []value.Row) {
	hits := x.Find([]index.Hit{7}, rows)
	if hits[0] != 7 {
		t.Fatal("the hits in front have changed")
	}
	hits = hits[1:]
	if !slices.IsSorted(hits) {
		t.Fatalf("hits are out of order: %v", hits)
	}
	found := map[[2]int]bool{}
	for _, h := range hits {
		at := [2]int{int(h.Rank()), h.Row()}
		if found[at] {
			t.Fatalf("query %d is found twice for row %d", at[0], at[1])
		}
		found[at] = true
		if got := naive(queries[h.Rank()], rows[h.Row()]); h.Sure() && got != matches {
			t.Fatalf("%v does not match %v, but is found for sure", queries[h.Rank()], rows[h.Row()].Cols)
		}
	}
	for rank, list := range queries {
		for i, row := range rows {
			if naive(list, row) != rejects && !found[[2]int{int(rank), i}] {
				t.Fatalf("%v is not found for %v", list, row.Cols)
			}
		}
	}
}

func condition(slot int, op syntax.Op, values ...any) index.Condition {
	c := index.Condition{Slot: slot, Op: op}
	for _, v := range values {
		c.Values = append(c.Values, constant(v))
	}
	return c
}

func constant(v any) value.Value {
	switch v := v.(type) {
	case int:
		return value.OfInt(int64(v))
	case float64:
		return value.OfFloat(v)
	}
	return value.OfString(v.(string))
}

// TestFindsNothingElse: what the keys rule out is not found, and nothing that
// a value of the wrong kind cannot touch.
func TestFindsNothingElse(t *testing.T) {
	const device, temperature, humidity = 0, 1, 2
	queries := [][]index.Condition{
		0: {condition(device, syntax.Equal, "x"), condition(temperature, syntax.Greater, 20)},
		1: {condition(device, syntax.Equal, "x"), condition(temperature, syntax.Greater, 30)},
		2: {condition(device, syntax.Equal, "y"), condition(temperature, syntax.Greater, 20)},
		3: {condition(temperature, syntax.Less, 5), condition(device, syntax.Equal, "x", "z")},
		4: {condition(temperature, syntax.GreaterEqual, 20), condition(temperature, syntax.LessEqual, 30.5)},
		5: {condition(humidity, syntax.Equal, 1), condition(device, syntax.Equal, "y"), condition(temperature, syntax.Less, 25)},
		6: {condition(device, syntax.Greater, "w"), condition(device, syntax.LessEqual, "x")},
	}
	var x index.Index
	for rank, list := range queries {
		x.Add(&index.Entry{Rank: uint32(rank)}, list)
	}
	for _, tc := range []struct {
		device, temperature, humidity value.Value
		want                          string
	}{
		{constant("x"), constant(25), constant(1), "0 4 6?"},
		{constant("x"), constant(20), value.Missing, "4 6?"}, // > 20 is not true of 20
		{constant("x"), constant(31), constant(1), "0 1 6?"},
		{constant("y"), constant(24.5), constant(1), "2 4 5"},
		{constant("z"), constant(4), constant(1), "3"},
		{constant("w"), constant(40), constant(1), "6?"}, // ends of texts are taken as closed
		{constant("q"), constant(10), constant(0), ""},
		{value.Missing, constant(40), constant(1), ""},
		{constant("x"), constant("hot"), constant(1), "0? 1? 3? 4? 6?"},     // 3 asks it before it asks the device
		{constant("q"), constant("hot"), constant(1), "3? 4?"},              //
		{constant(7), constant(25), constant(0), "0? 1? 2? 3? 4 6?"},        // 3 would stop at its temperature, which is no key in front
		{constant("q"), constant(15), constant("wet"), "5?"},                //
		{constant("x"), value.OfList(nil), constant(0), "0? 1? 3? 4? 6?"},   //
		{constant("x"), value.OfFloat(math.NaN()), constant(0), "3 6?"},     // less than all numbers
		{constant("x"), value.OfInt(math.MaxInt64), constant(0), "0 1 6?"},  //
		{constant("x"), value.OfFloat(math.Inf(-1)), constant(0), "3 6?"},   //
		{constant("y"), value.OfFloat(1e300), value.OfFloat(1), "2"},        //
		{constant("y"), constant(24), value.OfFloat(1), "2 4 5"},            // a FLOAT equals a BIGINT
		{constant("x"), value.OfFloat(20.000000001), constant(0), "0 4 6?"}, //
	} {
		row := value.Row{Cols: []value.Value{tc.device, tc.temperature, tc.humidity}}
		var got string
		for i, h := range x.Find(nil, []value.Row{row}) {
			if i > 0 {
				got += " "
			}
			got += fmt.Sprint(h.Rank())
			if !h.Sure() {
				got += "?"
			}
		}
		if got != tc.want {
			t.Errorf("%v: %s, want %s", row.Cols, got, tc.want)
		}
	}
}

// TestLongChainsAreLeftOut: a query has a bounded number of keys.
func TestLongChainsAreLeftOut(t *testing.T) {
	var chain []index.Condition
	for i := range 9000 {
		chain = append(chain, condition(i%5, syntax.Equal, 1, 2))
	}
	chain = append(chain, condition(0, syntax.Equal, 2))
	var x index.Index
	e := &index.Entry{}
	x.Add(e, chain)
	for _, tc := range []struct {
		last value.Value
		hits int
	}{{constant(1), 1}, {constant(3), 0}, {constant("x"), 1}} {
		one := constant(1)
		hits := x.Find(nil, []value.Row{{Cols: []value.Value{one, one, one, one, tc.last}}})
		if len(hits) != tc.hits || len(hits) > 0 && hits[0].Sure() {
			t.Errorf("%v: %v", tc.last, hits)
		}
	}
	if x.Remove(e, chain); !x.Empty() {
		t.Error("something is left")
	}
}

// TestLongListsAreLeftOut: a query has a bounded number of places.
func TestLongListsAreLeftOut(t *testing.T) {
	long := index.Condition{Op: syntax.Equal}
	for i := range 5000 {
		long.Values = append(long.Values, value.OfInt(int64(i)))
	}
	for _, list := range [][]index.Condition{{long}, {condition(1, syntax.Equal, "x"), long}} {
		var x index.Index
		e := &index.Entry{}
		x.Add(e, list)
		row := value.Row{Cols: []value.Value{value.OfInt(4999), value.OfString("x")}}
		if hits := x.Find(nil, []value.Row{row}); len(hits) != 1 || hits[0].Sure() {
			t.Errorf("%d conditions: %v", len(list), hits)
		}
		if x.Remove(e, list); !x.Empty() {
			t.Error("something is left")
		}
	}
}

// TestManySpans: a tree of many ranges finds just those that hold a value.
func TestManySpans(t *testing.T) {
	var x index.Index
	var queries [][]index.Condition
	for i := range 500 {
		low, high := i*37%100, i*37%100+i%13
		queries = append(queries, []index.Condition{condition(0, syntax.Greater, low), condition(0, syntax.LessEqual, high)})
		if i%5 == 0 {
			queries[i] = queries[i][i/5%2:][:1]
		}
		x.Add(&index.Entry{Rank: uint32(i)}, queries[i])
	}
	for v := -1.0; v < 115; v += 0.5 {
		row := value.Row{Cols: []value.Value{value.OfFloat(v)}}
		var got, want []uint32
		for _, h := range x.Find(nil, []value.Row{row}) {
			got = append(got, h.Rank())
		}
		for rank, list := range queries {
			if naive(list, row) == matches {
				want = append(want, uint32(rank))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v: %d queries, want %d", v, len(got), len(want))
		}
	}
}
