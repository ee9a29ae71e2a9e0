package value

import "pgregory.net/rapid"

// anyValue draws values of all kinds, nested up to three levels, with many
// pairs that are equal or nearly so.
func anyValue() *rapid.Generator[Value] { return nested(3) }

func nested(depth int) *rapid.Generator[Value] {
	gens := []*rapid.Generator[Value]{
		rapid.SampledFrom([]Value{{}, Missing, OfInt(1 << 53), OfInt(1<<53 + 1), OfFloat(1 << 53), OfInt(-1 << 63), OfFloat(-1 << 63), OfFloat(1 << 63)}),
		rapid.Map(rapid.Bool(), OfBool),
		rapid.Map(rapid.Int64Range(-3, 3), OfInt),
		rapid.Map(rapid.Int64(), OfInt),
		rapid.Map(rapid.IntRange(-6, 6), func(i int) Value { return OfFloat(float64(i) / 2) }),
		rapid.Map(rapid.Float64(), OfFloat),
		rapid.Map(rapid.String(), OfString),
		rapid.Map(rapid.StringOfN(rapid.RuneFrom([]rune("ab")), 0, 2, -1), OfString),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 3), OfBytes),
		rapid.Map(rapid.Int64Range(-3, 3), OfTime),
	}
	if depth > 0 {
		gens = append(gens, rapid.Map(rapid.SliceOfN(nested(depth-1), 0, 3), OfList), anyObject(depth-1))
	}
	return rapid.OneOf(gens...)
}

func anyObject(depth int) *rapid.Generator[Value] {
	return rapid.Custom(func(t *rapid.T) Value {
		names := rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("abc")), 0, 2, -1), 0, 3).Draw(t, "names")
		values := make([]Value, len(names))
		for i := range values {
			values[i] = nested(depth).Draw(t, "field")
		}
		return OfObject(FieldsOf(names, values))
	})
}
