package function

import (
	"fmt"

	"sluice/sqlengine/value"
)

// maxPieces bounds what a count in an argument may ask for, so that one row
// cannot take all memory.
const maxPieces = 1 << 20

func checkCount(n int64) error {
	switch {
	case n < 0:
		return fmt.Errorf("the number must not be negative: %d", n)
	case n > maxPieces:
		return fmt.Errorf("%d is too many: at most %d", n, maxPieces)
	}
	return nil
}

// ofText declares a function from text to text.
func ofText(name, summary string, f func(string) string, examples ...Example) *Scalar {
	return &Scalar{
		Name: name, Section: texts, Summary: summary, Examples: examples,
		Overloads: []Overload{{
			Params: []Param{Text}, Result: value.String,
			Call: func(_ *Context, args []value.Value) (value.Value, error) {
				return value.OfString(f(args[0].Str())), nil
			},
		}},
	}
}

// ofTwoTexts declares a test on two texts, false when one is NULL.
func ofTwoTexts(name, summary string, f func(a, b string) bool, examples ...Example) *Scalar {
	return &Scalar{
		Name: name, Section: texts, Summary: summary, Examples: examples,
		Overloads: []Overload{{
			Params: []Param{Text, Text}, Result: value.Bool, Null: NullIsFalse,
			Call: func(_ *Context, args []value.Value) (value.Value, error) {
				return value.OfBool(f(args[0].Str(), args[1].Str())), nil
			},
		}},
	}
}
