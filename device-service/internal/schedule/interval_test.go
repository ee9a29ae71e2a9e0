package schedule

import (
	"testing"
	"time"
)

func TestParseInterval(t *testing.T) {
	for text, want := range map[string]time.Duration{"500ms": 500 * time.Millisecond, " 10s ": 10 * time.Second, "1h30m": 90 * time.Minute, "1ms": time.Millisecond} {
		if got, err := ParseInterval(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"":      `interval is empty; write a number with its unit, such as "10s"`,
		"10":    `interval "10" has no unit; write "10s" or "10ms"`,
		"soon":  `interval "soon" is not a duration; write a number with ms, s, m or h, such as "500ms" or "10s"`,
		"-1s":   `interval "-1s" is too short; 1ms is the least`,
		"100us": `interval "100us" is too short; 1ms is the least`,
	} {
		if _, err := ParseInterval(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func FuzzParseInterval(f *testing.F) {
	for _, s := range []string{"10s", "1h30m", "", "1e9", "9999999999h", "-3ms"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := ParseInterval(text); err == nil && d < MinInterval {
			t.Errorf("%q gave %v", text, d)
		}
	})
}
