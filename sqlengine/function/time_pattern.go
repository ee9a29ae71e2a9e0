package function

import (
	"fmt"
	"strings"
	"time"
)

// TimePattern reads times that were written in a pattern of the dialect: see
// FormatTime.
type TimePattern struct{ pattern, layout string }

// patternSamples differ in every part that a pattern can have.
var patternSamples = []time.Time{
	time.Date(2013, time.November, 28, 19, 37, 48, 765432198, time.FixedZone("ABC", 2*3600+30*60)),
	time.Date(1997, time.March, 9, 8, 7, 6, 0, time.UTC),
}

// NewTimePattern is the pattern as one to read by. It fails for patterns with
// plain text that cannot be told from a part of a time.
func NewTimePattern(pattern string) (*TimePattern, error) {
	p := &TimePattern{pattern: pattern, layout: patternLayout(pattern)}
	for _, t := range patternSamples {
		if t.Format(p.layout) != FormatTime(t, pattern) {
			return nil, fmt.Errorf("times cannot be read in the pattern %q", pattern)
		}
	}
	p.layout = zulu.Replace(p.layout)
	return p, nil
}

// zulu makes a layout read Z for the offset of UTC, too.
var zulu = strings.NewReplacer("-07", "Z07")

// patternLayout is a pattern in the words of package time, as far as it has
// them.
func patternLayout(pattern string) string {
	var b strings.Builder
	for i := 0; i < len(pattern); {
		c := pattern[i]
		switch {
		case c == '\\' && i+1 < len(pattern):
			b.WriteByte(pattern[i+1])
			i += 2
			continue
		case c == '\'':
			quoted, rest := cutQuoted(pattern[i+1:])
			b.WriteString(quoted)
			i = len(pattern) - len(rest)
			continue
		}
		n := 1
		for i+n < len(pattern) && pattern[i+n] == c {
			n++
		}
		b.WriteString(layoutPart(b.String(), c, n))
		i += n
	}
	return b.String()
}

func layoutPart(before string, letter byte, n int) string {
	switch layouts := patternLayouts[letter]; {
	case letter == 'S' && (strings.HasSuffix(before, ".") || strings.HasSuffix(before, ",")):
		return strings.Repeat("0", n)
	case letter == 'S':
		return "." + strings.Repeat("0", n)
	case letter == 'G':
		return "AD"
	case layouts != nil:
		return layouts[min(n, len(layouts))-1]
	}
	return strings.Repeat(string(letter), n)
}

// Parse reads a time, in nanoseconds since 1970; one without a zone is in
// that of the Context. The error continues a sentence, as that of TimeOf.
func (p *TimePattern) Parse(c *Context, text string) (int64, error) {
	t, err := time.ParseInLocation(p.layout, text, c.location())
	if err != nil {
		return 0, fmt.Errorf("is no time in the pattern %q: %q", p.pattern, text)
	}
	if !inRange(t) {
		return 0, fmt.Errorf("is out of the range of times: %q", text)
	}
	return t.UnixNano(), nil
}
