package function

import (
	"testing"
	"time"

	"sluice/sqlengine/diag"
	"sluice/sqlengine/value"
)

// checkCalls evaluates calls over columns of JSON; "error" is what a call that
// fails gives.
func checkCalls(t *testing.T, c *Context, columns string, calls map[string]string) {
	t.Helper()
	row := valueOf(t, decodeJSON(t, columns)).Object()
	for _, typed := range []bool{false, true} {
		ev := &evaluator{set: Builtin(), context: c, columns: map[string]value.Value{}, typed: typed}
		for i, name := range row.Names {
			ev.columns[name] = row.Values[i]
		}
		for sql, want := range calls {
			got := "error"
			v, _, err := ev.eval(readExpr(t, sql))
			if err == nil {
				got = toText(t, v)
			}
			if got != want {
				t.Errorf("%s of %s = %s, %v; want %s (typed: %v)", sql, columns, got, err, want, typed)
			}
		}
	}
}

func TestRepeatAndSequenceWork(t *testing.T) {
	checkCalls(t, testContext(), `{"s": "ab", "n": 3, "f": 3.0}`, map[string]string{
		`repeat(s, 3)`: `["ab","ab","ab"]`, `repeat(s, n)`: `["ab","ab","ab"]`, `repeat(s, f)`: `["ab","ab","ab"]`, `repeat(1, 0)`: `[]`,
		`sequence(1, 5)`: `[1,2,3,4,5]`, `sequence(n, 1)`: `[3,2,1]`, `sequence(1, 7, 2)`: `[1,3,5,7]`, `sequence(10, 1, -3)`: `[10,7,4,1]`, `sequence(1, 5, 0)`: `error`,
	})
}

func TestClocksTakeDigits(t *testing.T) {
	checkCalls(t, testContext(), `{"n": 1}`, map[string]string{
		`now(3)`: `"2024-02-29 12:34:56.789"`, `now(n)`: `"2024-02-29 12:34:56.7"`, `current_timestamp(1)`: `"2024-02-29 12:34:56.7"`, `local_time(2)`: `"2024-02-29 12:34:56.78"`,
		`local_timestamp(0)`: `"2024-02-29 12:34:56"`, `cur_time(2)`: `"12:34:56.78"`, `current_time(6)`: `"12:34:56.789000"`,
	})
}

func TestChrOfEmptyTextFailsTheRow(t *testing.T) {
	checkCalls(t, testContext(), `{"s": "", "f": 65.0}`, map[string]string{`chr("")`: `error`, `chr(s)`: `error`, `chr(f)`: `65`})
}

func TestArrayFunctionsCompareDeeply(t *testing.T) {
	checkCalls(t, testContext(), `{"a": [[1, 2], {"x": [1]}, null], "b": [[1.0, 2], 7], "o": {"x": [1.0]}, "e": [1, 2]}`, map[string]string{
		`array_contains(a, o)`: `true`, `array_contains(a, e)`: `true`, `array_position(a, o)`: `1`, `array_last_position(a, e)`: `0`, `array_remove(a, o)`: `[[1,2],null]`,
		`array_contains_any(a, b)`: `true`, `array_except(a, b)`: `[{"x":[1]},null]`, `array_intersect(a, b)`: `[[1,2]]`, `array_union(a, b)`: `[[1,2],{"x":[1]},null,7]`,
		`array_distinct(a)`: `[[1,2],{"x":[1]},null]`, `array_max(a)`: `error`, `array_sort(a)`: `[[1,2],{"x":[1]},null]`,
	})
}

func TestTruncCuts(t *testing.T) {
	checkCalls(t, testContext(), `{"f": 1.999}`, map[string]string{`trunc(1.999, 1)`: `1.9`, `trunc(f, 1)`: `1.9`, `trunc(-1.999, 0)`: `-1`})
}

func TestSubstringCountsCharacters(t *testing.T) {
	checkCalls(t, testContext(), `{"s": "中国人"}`, map[string]string{`substring(s, 1, 2)`: `"国"`, `substring(s, 2)`: `"人"`})
}

func TestArraySortSortsNumbersByValue(t *testing.T) {
	checkCalls(t, testContext(), `{"a": [10, 9, 2.5], "mixed": [null, "b", 10, true, "a", 9]}`, map[string]string{
		`array_sort(a)`: `[2.5,9,10]`, `array_sort(mixed)`: `[9,10,"a","b",true,null]`,
	})
}

// TestArrayRemoveLeavesTheColumn: other items of the SELECT see it as it was.
func TestArrayRemoveLeavesTheColumn(t *testing.T) {
	column := valueOf(t, decodeJSON(t, `[1, 2, 1]`))
	b, err := mustScalar(t, "array_remove").Bind([]Arg{{}, {}})
	if err != nil {
		t.Fatal(err)
	}
	v, err := b.Call(testContext(), []value.Value{column, value.OfInt(1)})
	if err != nil || toText(t, v) != `[2]` || toText(t, column) != `[1,2,1]` {
		t.Errorf("%v of %v, %v", v, column, err)
	}
}

func TestObjectPickMerges(t *testing.T) {
	checkCalls(t, testContext(), `{"o": {"a": {"b": {"c": 1, "d": 2, "e": 3}}}}`, map[string]string{
		`object_pick(o, "a.b.c", "a.b.d")`: `{"a":{"b":{"c":1,"d":2}}}`,
	})
}

func TestFormatTimeWritesOnePoint(t *testing.T) {
	checkCalls(t, testContext(), `{"t": "2024-01-31 08:09:20.123"}`, map[string]string{`format_time(t, "ss.SSS")`: `"20.123"`, `format_time(t, "ssSSS")`: `"20.123"`})
}

func TestLiteralsAreAcceptedWhereColumnsAre(t *testing.T) {
	checkCalls(t, testContext(), `{"s": "a/b/c"}`, map[string]string{
		`dec2hex(16)`: `"0x10"`, `from_days(10)`: `"1970-01-10"`, `from_unix_time(5)`: `"1970-01-01 00:00:05"`, `day_name("2024-01-31")`: `"Wednesday"`, `split_value(s, "/", -1)`: `"c"`,
	})
}

func TestDatesOfNullAreNull(t *testing.T) {
	calls := map[string]string{`date_calc(n, "1h")`: `null`, `date_calc(0, n)`: `null`, `date_diff(n, 0)`: `null`, `date_diff(0, n)`: `null`, `format_time(n, "yyyy")`: `null`, `convert_tz(n, "UTC")`: `null`}
	for _, name := range []string{
		"day", "day_of_month", "day_name", "month_name", "day_of_week", "day_of_year", "hour", "minute", "second", "month", "microsecond", "last_day", "year", "quarter",
		"to_seconds", "from_days", "from_unix_time",
	} {
		calls[name+"(n)"] = `null`
	}
	checkCalls(t, testContext(), `{"n": null}`, calls)
}

func TestAbsIsExactAndNothingIsInfinite(t *testing.T) {
	checkCalls(t, testContext(), `{"big": -9007199254740993, "zero": 0, "f": 0.0}`, map[string]string{
		`abs(big)`: `9007199254740993`, `ln(zero)`: `error`, `ln(f)`: `error`, `log(zero)`: `error`, `log(2, zero)`: `error`, `mod(big, zero)`: `error`, `mod(1, f)`: `error`,
		`power(zero, -1)`: `error`, `exp(1000)`: `error`, `sinh(1000)`: `error`,
	})
}

func TestNewuuidIsRandom(t *testing.T) {
	checkCalls(t, testContext(), `{}`, map[string]string{`substring(newuuid(), 14, 15)`: `"4"`})
}

func TestCurDateObeysTheTimeZone(t *testing.T) {
	c := testContext()
	c.Location = time.FixedZone("far east", 14*60*60)
	checkCalls(t, c, `{}`, map[string]string{`cur_date()`: `"2024-03-01"`, `current_date()`: `"2024-03-01"`})
}

func TestArrayMapKeepsNull(t *testing.T) {
	checkCalls(t, testContext(), `{"a": [-1, null, 2]}`, map[string]string{`array_map("abs", a)`: `[1,null,2]`})
}

// TestNamesOfDocumentsThatDoNotExist: the right ones are suggested, and those
// without documents have them here.
func TestNamesOfDocumentsThatDoNotExist(t *testing.T) {
	set := Builtin()
	for wrong, right := range map[string]string{"percentile": "percentile_cont", "regexp_substring": "regexp_substr"} {
		if _, ok := set.Scalar(wrong); ok {
			t.Errorf("%s is a function", wrong)
		}
		if got := diag.Nearest(wrong, set.Names()); got != right {
			t.Errorf("for %s, %q is suggested, want %s", wrong, got, right)
		}
	}
	for _, name := range []string{"object_size", "props", "window_trigger"} {
		if f := mustScalar(t, name); f.Summary == "" || len(f.Examples) == 0 {
			t.Errorf("%s is not documented", name)
		}
	}
}
