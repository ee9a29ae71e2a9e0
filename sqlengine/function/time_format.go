package function

import (
	"strings"
	"time"

	"sluice/sqlengine/value"
)

var formatTime = &Scalar{
	Name: "format_time", Section: times,
	Summary: "The time in a pattern of the letters yyyy yy M MM MMM MMMM d dd E EEEE HH h hh a mm ss S… (fraction, with its point) z Z X XX XXX G; " +
		"'text' and \\x stand for themselves, and so do other characters.",
	Overloads: []Overload{{
		Params: []Param{Time, Text}, Result: value.String,
		Call: func(c *Context, args []value.Value) (value.Value, error) {
			return value.OfString(FormatTime(at(c, args[0]), args[1].Str())), nil
		},
	}},
	Examples: []Example{
		{`format_time(1620002730000, "yyyy-MM-dd T HH:mm:ss")`, `"2021-05-03 T 00:45:30"`}, {`format_time("2024-01-31 08:09:20.123", "ss.SSS")`, `"20.123"`},
		{`format_time("2024-01-31 15:09:20.123", "EEE d MMM yy h 'o''clock' a, ssS XXX")`, `"Wed 31 Jan 24 3 o'clock PM, 20.1 +00:00"`},
	},
}

// patternLayouts are the layouts of package time for a letter of a pattern,
// by the number of times that it stands there. The last one also serves for
// more.
var patternLayouts = map[byte][]string{
	'y': {"2006", "06", "2006"}, 'Y': {"2006", "06", "2006"},
	'M': {"1", "01", "Jan", "January"}, 'd': {"2", "02"}, 'E': {"Mon", "Mon", "Mon", "Monday"},
	'H': {"15"}, 'h': {"3", "03"}, 'a': {"PM"}, 'm': {"4", "04"}, 's': {"5", "05"},
	'z': {"MST"}, 'Z': {"-0700"}, 'X': {"-07", "-0700", "-07:00"},
}

// FormatTime writes t in a pattern of the dialect.
func FormatTime(t time.Time, pattern string) string {
	out := make([]byte, 0, len(pattern)+8)
	for i := 0; i < len(pattern); {
		c := pattern[i]
		switch {
		case c == '\\' && i+1 < len(pattern):
			out = append(out, pattern[i+1])
			i += 2
			continue
		case c == '\'':
			quoted, rest := cutQuoted(pattern[i+1:])
			out = append(out, quoted...)
			i = len(pattern) - len(rest)
			continue
		}
		n := 1
		for i+n < len(pattern) && pattern[i+n] == c {
			n++
		}
		out = appendPart(out, t, c, n)
		i += n
	}
	return string(out)
}

// cutQuoted cuts the text before the closing quote; two quotes are one.
func cutQuoted(s string) (quoted, rest string) {
	if strings.HasPrefix(s, "'") {
		return "'", s[1:]
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "'")
		b.WriteString(before)
		if !found || !strings.HasPrefix(after, "'") {
			return b.String(), after
		}
		b.WriteByte('\'')
		s = after[1:]
	}
}

func appendPart(out []byte, t time.Time, letter byte, n int) []byte {
	if letter == 'S' {
		return appendFraction(out, t, n)
	}
	if letter == 'G' {
		if t.Year() > 0 {
			return append(out, "AD"...)
		}
		return append(out, "BC"...)
	}
	layouts, ok := patternLayouts[letter]
	if !ok {
		for range n {
			out = append(out, letter)
		}
		return out
	}
	return t.AppendFormat(out, layouts[min(n, len(layouts))-1])
}

// appendFraction writes so many digits of the second's fraction behind a
// point, unless the pattern wrote one.
func appendFraction(out []byte, t time.Time, digits int) []byte {
	if k := len(out); k == 0 || out[k-1] != '.' && out[k-1] != ',' {
		out = append(out, '.')
	}
	ns := t.Nanosecond()
	for unit := 100_000_000; digits > 0; digits, unit = digits-1, unit/10 {
		if unit == 0 {
			out = append(out, '0')
			continue
		}
		out = append(out, byte('0'+ns/unit%10))
	}
	return out
}
