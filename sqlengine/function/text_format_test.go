package function

import (
	"errors"
	"testing"

	"sluice/sqlengine/value"
)

// TestFormatRounds: to the nearest decimal, by the exact value of the FLOAT.
func TestFormatRounds(t *testing.T) {
	checkCalls(t, testContext(), `{"x": 2.665, "half": 2.5, "big": 9007199254740993, "small": -0.001, "huge": 1e21, "n": null}`, map[string]string{
		`format(x, 2)`: `"2.67"`, `format(half, 0)`: `"2"`, `format(big, 0, "de_DE")`: `"9.007.199.254.740.993"`, `format(small, 2)`: `"-0.00"`, `format(small, 2, "sv_SE")`: `"−0,00"`,
		`format(huge, 0, "en_US")`: `"1,000,000,000,000,000,000,000"`, `format(n, 2, "de_DE")`: `null`, `format(x, 2, NULL)`: `null`, `format(x, NULL)`: `null`, `format(x, 3.0, "fr_FR")`: `"2,665"`,
		`format(x, 2.5)`: `error`, `format(x, 99999999)`: `error`, `format(x, -1, "de_DE")`: `error`, `format(x, 2, "de")`: `error`, `format(x, 2, 1)`: `error`, `format("1", 2)`: `error`,
	})
}

func TestFormatRefuses(t *testing.T) {
	for msg, args := range map[string][]Arg{
		"the number must not be negative: -1":           {{}, literal(value.OfInt(-1))},
		`locale "de" has no country; write it as de_DE`: {{}, literal(value.OfInt(1)), literal(value.OfString("de"))},
		"argument 2 of format must be a literal":        {{}, {}},
		"argument 3 of format must be a literal":        {{}, literal(value.OfInt(1)), {}},
		"argument 2 of format must be BIGINT, not 2.5":  {{}, literal(value.OfFloat(2.5))},
	} {
		_, err := mustScalar(t, "format").Bind(args)
		var bad *BindError
		if !errors.As(err, &bad) || bad.Msg != msg || bad.Arg != len(args)-1 {
			t.Errorf("%v, want %s", err, msg)
		}
	}
}

// TestFormatOfNoNumber: JSON has none of these, but arithmetic may.
func TestFormatOfNoNumber(t *testing.T) {
	f, err := mustScalar(t, "format").Bind([]Arg{{}, literal(value.OfInt(1)), literal(value.OfString("de_DE"))})
	if err != nil {
		t.Fatal(err)
	}
	zero := 0.0
	for _, x := range []float64{1 / zero, -1 / zero, zero / zero} {
		if v, err := f.Call(testContext(), []value.Value{value.OfFloat(x), value.OfInt(1), value.OfString("de_DE")}); err == nil {
			t.Errorf("%v is %v", x, v)
		}
	}
}
