package function

import (
	"testing"
	"time"

	"sluice/sqlengine/value"
)

var shanghai = time.FixedZone("CST", 8*60*60)

func TestTimesOfText(t *testing.T) {
	c := &Context{Location: shanghai}
	for text, want := range map[string]string{
		"2024-01-31 08:00:00":           "2024-01-31T00:00:00Z",
		"2024-01-31 08:00:00.123":       "2024-01-31T00:00:00.123Z",
		"2024-01-31T08:00:00.123456789": "2024-01-31T00:00:00.123456789Z",
		"2024-01-31T08:00:00Z":          "2024-01-31T08:00:00Z",
		"2024-01-31T08:00:00.5-02:00":   "2024-01-31T10:00:00.5Z",
		"2024-01-31 08:00:00+02:00":     "2024-01-31T06:00:00Z",
		"2024-01-31":                    "2024-01-30T16:00:00Z",
		"20240131080000":                "2024-01-31T00:00:00Z",
		"20240131T080000Z":              "2024-01-31T08:00:00Z",
		"Wed, 31 Jan 2024 08:00:00 GMT": "2024-01-31T08:00:00Z",
	} {
		ns, err := TimeOf(c, value.OfString(text))
		if got := time.Unix(0, ns).UTC().Format(time.RFC3339Nano); err != nil || got != want {
			t.Errorf("%s is %s, %v; want %s", text, got, err, want)
		}
	}
}

func TestNoTimes(t *testing.T) {
	for _, v := range []value.Value{
		value.OfString(""), value.OfString("noon"), value.OfString("2024-13-01"), value.OfString("0001-01-01"), value.OfString("9999-12-31"),
		value.OfInt(1 << 62), value.OfFloat(1e300), value.OfBool(true), value.OfList(nil),
	} {
		if ns, err := TimeOf(&Context{}, v); err == nil {
			t.Errorf("%s is the time %d", toText(t, v), ns)
		}
	}
}

func TestTimesOfNumbers(t *testing.T) {
	for _, c := range []struct {
		v    value.Value
		want int64
	}{{value.OfInt(-1), -1e6}, {value.OfFloat(1.5), 1.5e6}, {value.OfTime(7), 7}} {
		if ns, err := TimeOf(&Context{}, c.v); err != nil || ns != c.want {
			t.Errorf("%s is %d, %v; want %d", toText(t, c.v), ns, err, c.want)
		}
	}
}

func TestFormatTime(t *testing.T) {
	moment := time.Date(2024, 2, 5, 15, 4, 9, 20_123_456, shanghai)
	for pattern, want := range map[string]string{
		"yyyy YYYY yy YY y": "2024 2024 24 24 2024", "M MM MMM MMMM": "2 02 Feb February", "d dd": "5 05", "EEE EEEE": "Mon Monday",
		"HH:mm:ss": "15:04:09", "h hh a": "3 03 PM", "m s": "4 9",
		"ssSSS": "09.020", "ss.SSS": "09.020", "ss,SSSSSSSSSS": "09,0201234560", "S": ".0",
		"z Z X XX XXX": "CST +0800 +08 +0800 +08:00", "G": "AD", "'at' 'o''clock' ''": "at o'clock '", `\y\M`: "yM", "'open": "open", `'end'\`: `end\`,
		"年-qq/": "年-qq/", "": "",
	} {
		if got := FormatTime(moment, pattern); got != want {
			t.Errorf("%q gives %q, want %q", pattern, got, want)
		}
	}
	if got := FormatTime(time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC), "G"); got != "BC" {
		t.Errorf("the era before is %q", got)
	}
}

func FuzzFormatTime(f *testing.F) {
	f.Add("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", int64(1709210096789))
	f.Add(`'\''`, int64(0))
	f.Fuzz(func(t *testing.T, pattern string, ms int64) {
		FormatTime(time.UnixMilli(ms).UTC(), pattern)
	})
}

func FuzzTimeOf(f *testing.F) {
	for _, layout := range timeLayouts {
		f.Add(time.UnixMilli(1709210096789).UTC().Format(layout))
	}
	f.Fuzz(func(t *testing.T, s string) {
		ns, err := TimeOf(&Context{Location: shanghai}, value.OfString(s))
		if err != nil {
			return
		}
		back, err := TimeOf(&Context{}, value.OfString(time.Unix(0, ns).UTC().Format(time.RFC3339Nano)))
		if err != nil || back != ns {
			t.Errorf("%q is %d, written and read again %d, %v", s, ns, back, err)
		}
	})
}

// TestZone: times are read and shown in the zone of the Context.
func TestZone(t *testing.T) {
	c := testContext()
	c.Location = shanghai
	for sql, want := range map[string]string{
		`hour(0)`: `8`, `hour("1970-01-01 10:00:00")`: `10`, `to_seconds("1970-01-01 08:00:01")`: `1`, `now()`: `"2024-02-29 20:34:56"`, `cur_date()`: `"2024-02-29"`,
		`from_unix_time(1)`: `"1970-01-01 08:00:01"`, `date_calc(0, "1h")`: `"1970-01-01 09:00:00"`, `last_day(1711900800000)`: `"2024-04-30"`,
		`cast(cast(0, "datetime"), "string")`: `"1970-01-01T08:00:00+08:00"`, `format_time(0, "HH:mm Z")`: `"08:00 +0800"`, `from_days(1)`: `"1970-01-01"`,
	} {
		ev := &evaluator{set: Builtin(), context: c}
		if v, _, err := ev.eval(readExpr(t, sql)); err != nil || toText(t, v) != want {
			t.Errorf("%s = %v, %v; want %s", sql, v, err, want)
		}
	}
}

// TestNoWindow: the functions of the window are NULL without one.
func TestNoWindow(t *testing.T) {
	c := testContext()
	c.Window = nil
	for _, sql := range []string{"window_start()", "window_end()", "window_trigger()"} {
		ev := &evaluator{set: Builtin(), context: c}
		if v, _, err := ev.eval(readExpr(t, sql)); err != nil || !v.IsNull() {
			t.Errorf("%s = %v, %v", sql, v, err)
		}
	}
}

func TestUUID(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		u := uuid()
		if len(u) != 36 || u[8] != '-' || u[13] != '-' || u[18] != '-' || u[23] != '-' || u[14] != '4' || u[19] < '8' || u[19] > 'b' || seen[u] {
			t.Fatalf("%q", u)
		}
		seen[u] = true
	}
}
