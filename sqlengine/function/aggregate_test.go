package function

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"sluice/sqlengine/value"
)

// anyRows draws columns of numbers, of text, or of anything. Floats have two
// decimals, so that deviations lose no digits.
func anyRows(t *rapid.T) []value.Value {
	null := rapid.Just(value.Value{})
	whole := rapid.Map(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1000, 1000)), value.OfInt)
	small := rapid.Map(rapid.Int64Range(-1000, 1000), value.OfInt)
	float := rapid.Map(rapid.IntRange(-100000, 100000), func(i int) value.Value { return value.OfFloat(float64(i) / 100) })
	text := rapid.Map(rapid.StringN(0, 3, -1), value.OfString)
	object := rapid.Map(rapid.SliceOfN(small, 3, 3), func(l []value.Value) value.Value {
		i := int(l[0].Int()+1000) % 4 // from no field to three
		return value.OfObject(&value.Fields{Names: []string{"a", "b", "c"}[:i], Values: l[:i]})
	})
	column := rapid.SampledFrom([]*rapid.Generator[value.Value]{
		rapid.OneOf(object, null), rapid.OneOf(whole, null), rapid.OneOf(float, null), rapid.OneOf(small, float, null), rapid.OneOf(text, null), rapid.OneOf(small, float, text, null),
	}).Draw(t, "column")
	return rapid.SliceOfN(column, 0, 30).Draw(t, "rows")
}

// calls are the forms in which each aggregate is tested.
func calls(t testing.TB, f *Aggregate) []expr {
	seen, all := map[string]bool{}, []expr(nil)
	for _, example := range f.Examples {
		if !seen[example.SQL] {
			seen[example.SQL] = true
			all = append(all, readExpr(t, example.SQL))
		}
	}
	return all
}

// fold is Result over rows, or the error of the first step that failed.
func fold(f *Aggregate, call expr, a Accumulator, rows []value.Value) (Accumulator, error) {
	for _, x := range rows {
		if err := a.Add(rowArgs(f, call, x)); err != nil {
			return a, err
		}
	}
	return a, nil
}

func outcome(a Accumulator, err error) (value.Value, bool) {
	if err != nil {
		return value.Value{}, false
	}
	v, err := a.Result()
	return v, err == nil
}

func near(a, b value.Value) bool {
	if a.Kind() == value.Float && b.Kind() == value.Float {
		x, y := a.Float(), b.Float()
		return math.Abs(x-y) <= 1e-9*max(1, math.Abs(x), math.Abs(y))
	}
	return a.Kind() == b.Kind() && value.Equal(a, b)
}

func eachAggregate(t *testing.T, check func(t *rapid.T, f *Aggregate, call expr)) {
	for _, f := range declaredAggregates(Builtin()) {
		for i, call := range calls(t, f) {
			t.Run(f.Name+"/"+string(rune('a'+i)), rapid.MakeCheck(func(t *rapid.T) { check(t, f, call) }))
		}
	}
}

func TestMergeEqualsAddingAll(t *testing.T) {
	eachAggregate(t, func(t *rapid.T, f *Aggregate, call expr) {
		rows := anyRows(t)
		cut := rapid.IntRange(0, len(rows)).Draw(t, "cut")
		whole, wholeErr := fold(f, call, f.New(), rows)
		first, firstErr := fold(f, call, f.New(), rows[:cut])
		second, secondErr := fold(f, call, f.New(), rows[cut:])
		want, wantOK := outcome(whole, wholeErr)
		if firstErr != nil || secondErr != nil {
			if wantOK {
				t.Fatalf("a part fails (%v, %v), the whole is %v", firstErr, secondErr, want)
			}
			return
		}
		before, beforeOK := outcome(second, nil)
		merged := f.New()
		merged.Merge(first)
		merged.Merge(second)
		got, gotOK := outcome(merged, nil)
		if gotOK != wantOK || !near(got, want) {
			t.Fatalf("merged: %v %v, added: %v %v", got, gotOK, want, wantOK)
		}
		fold(f, call, merged, rows)
		if after, afterOK := outcome(second, nil); afterOK != beforeOK || !near(before, after) {
			t.Fatalf("Merge changed the other: %v, then %v", before, after)
		}
	})
}

func TestRestoreMidway(t *testing.T) {
	eachAggregate(t, func(t *rapid.T, f *Aggregate, call expr) {
		rows := anyRows(t)
		cut := rapid.IntRange(0, len(rows)).Draw(t, "cut")
		first, err := fold(f, call, f.New(), rows[:cut])
		if err != nil {
			return
		}
		var e value.Encoder
		first.Snapshot(&e)
		e.String("end")
		d, restored := value.NewDecoder(e.Bytes()), f.New()
		restored.Restore(d)
		if end := d.String(); end != "end" || d.Err() != nil || d.Len() != 0 {
			t.Fatalf("Restore reads otherwise than Snapshot writes: %q, %v, %d bytes left", end, d.Err(), d.Len())
		}
		want, wantOK := outcome(fold(f, call, first, rows[cut:]))
		got, gotOK := outcome(fold(f, call, restored, rows[cut:]))
		if gotOK != wantOK || gotOK && !(got.Kind() == want.Kind() && value.Equal(got, want)) {
			t.Fatalf("restored: %v %v, not interrupted: %v %v", got, gotOK, want, wantOK)
		}
	})
}

// TestSumsAgainstExactNumbers compares with rational numbers of any size.
func TestSumsAgainstExactNumbers(t *testing.T) {
	set := Builtin()
	column := rapid.OneOf(
		rapid.Map(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1000, 1000)), value.OfInt),
		rapid.Map(rapid.Float64Range(-1e6, 1e6), value.OfFloat))
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(column, 1, 20).Draw(t, "rows")
		total, isFloat := new(big.Rat), false
		for _, v := range rows {
			if v.Kind() == value.Float {
				isFloat = true
				total.Add(total, new(big.Rat).SetFloat64(v.Float()))
				continue
			}
			total.Add(total, new(big.Rat).SetInt64(v.Int()))
		}
		mean := new(big.Rat).Quo(total, new(big.Rat).SetInt64(int64(len(rows))))
		for name, want := range map[string]*big.Rat{"sum": total, "avg": mean} {
			f, _ := set.Aggregate(name)
			got, ok := outcome(fold(f, readExpr(t, name+"(x)"), f.New(), rows))
			if isFloat {
				w, _ := want.Float64()
				if !ok || math.Abs(got.Float()-w) > 1e-9*max(1e6*20, math.Abs(w)) {
					t.Fatalf("%s = %v, want %v", name, got.Float(), w)
				}
				continue
			}
			w := new(big.Int).Quo(want.Num(), want.Denom())
			if ok != w.IsInt64() || ok && got.Int() != w.Int64() {
				t.Fatalf("%s = %v %v, want %v", name, got.Int(), ok, w)
			}
		}
	})
}

// TestDeviationsAgainstTwoPasses compares with the definition.
func TestDeviationsAgainstTwoPasses(t *testing.T) {
	set := Builtin()
	rapid.Check(t, func(t *rapid.T) {
		xs := rapid.SliceOfN(rapid.Float64Range(-1000, 1000), 2, 30).Draw(t, "rows")
		rows, mean, squares, n := make([]value.Value, len(xs)), 0.0, 0.0, float64(len(xs))
		for i, x := range xs {
			rows[i] = value.OfFloat(x)
			mean += x / n
		}
		for _, x := range xs {
			squares += (x - mean) * (x - mean)
		}
		for name, want := range map[string]float64{
			"var": squares / n, "vars": squares / (n - 1), "stddev": math.Sqrt(squares / n), "stddevs": math.Sqrt(squares / (n - 1)),
		} {
			f, _ := set.Aggregate(name)
			got, ok := outcome(fold(f, readExpr(t, name+"(x)"), f.New(), rows))
			if !ok || math.Abs(got.Float()-want) > 1e-6*max(1, want) {
				t.Fatalf("%s = %v, want %v", name, got.Float(), want)
			}
		}
	})
}

// TestMergedPanesOfMixedKindsStayBroken: the error of panes that do not go
// together survives a checkpoint.
func TestMergedPanesOfMixedKindsStayBroken(t *testing.T) {
	f, _ := Builtin().Aggregate("max")
	a, b := f.New(), f.New()
	a.Add([]value.Value{value.OfInt(1)})
	b.Add([]value.Value{value.OfString("x")})
	a.Merge(b)
	var e value.Encoder
	a.Snapshot(&e)
	restored := f.New()
	restored.Restore(value.NewDecoder(e.Bytes()))
	for _, m := range []Accumulator{a, restored} {
		if v, err := m.Result(); err == nil {
			t.Errorf("the greatest of 1 and x is %v", v)
		}
	}
}

// TestPercentileRanks: of 1 to 100 the nearest rank is the percentage.
func TestPercentileRanks(t *testing.T) {
	rows := make([]value.Value, 100)
	for i := range rows {
		rows[i] = value.OfInt(int64(i + 1))
	}
	f, _ := Builtin().Aggregate("percentile_disc")
	for p := 1; p <= 100; p++ {
		share := value.OfFloat(float64(p) / 100)
		a := f.New()
		for _, x := range rows {
			if err := a.Add([]value.Value{x, share}); err != nil {
				t.Fatal(err)
			}
		}
		if v, err := a.Result(); err != nil || v.Float() != float64(p) {
			t.Errorf("percentile %d is %v, %v", p, v.Float(), err)
		}
	}
}

// TestDamagedAverage: the sum of three values cannot be this large.
func TestDamagedAverage(t *testing.T) {
	for _, hi := range []uint64{1 << 40, 3, ^uint64(1 << 40), 1} {
		var e value.Encoder
		(&averaging{sums{ints: wide{hi: hi}, n: 3}}).Snapshot(&e)
		restored := new(averaging)
		restored.Restore(value.NewDecoder(e.Bytes()))
		v, err := restored.Result()
		if fits := hi == 1; (err == nil) != fits {
			t.Errorf("the average is %v, %v", v.Int(), err)
		}
	}
}

// FuzzRestore: damaged state is an error, never a panic.
func FuzzRestore(f *testing.F) {
	all := declaredAggregates(Builtin())
	for i, a := range all {
		var e value.Encoder
		acc := a.New()
		args := []value.Value{value.OfInt(7), value.OfBool(true), value.OfObject(&value.Fields{})}
		_ = acc.Add(args) // some take no numbers: their empty state is a seed as well
		acc.Snapshot(&e)
		f.Add(i, e.Bytes())
	}
	f.Fuzz(func(t *testing.T, i int, state []byte) {
		acc := all[uint(i)%uint(len(all))].New()
		d := value.NewDecoder(state)
		acc.Restore(d)
		if d.Err() == nil {
			acc.Result()
		}
	})
}

func BenchmarkAggregate(b *testing.B) {
	samples := map[Param]value.Value{
		Bool: value.OfBool(false), Object: value.OfObject(&value.Fields{Names: []string{"a"}, Values: []value.Value{value.OfInt(1)}}),
	}
	for _, f := range declaredAggregates(Builtin()) {
		b.Run(f.Name, func(b *testing.B) {
			args := make([]value.Value, len(f.Params))
			for i, p := range f.Params {
				if args[i] = samples[p]; args[i].IsNull() {
					args[i] = value.OfFloat(0.5)
				}
			}
			b.ReportAllocs()
			acc, n := f.New(), 0
			for b.Loop() {
				if n++; n%1000 == 0 {
					acc = f.New()
				}
				if err := acc.Add(args); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
