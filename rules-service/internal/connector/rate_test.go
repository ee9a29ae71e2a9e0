package connector

import (
	"testing"
	"time"
)

func TestParseRate(t *testing.T) {
	for text, want := range map[string]Rate{
		"": {}, "20/1m": {20, time.Minute}, " 5 / s ": {5, time.Second}, "1000/500ms": {1000, 500 * time.Millisecond}, "1/1h30m": {1, 90 * time.Minute},
	} {
		if got, err := ParseRate(text); err != nil || got != want {
			t.Errorf("%q: %v, error %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"20":       `"20" is no rate such as "20/1m", 20 messages a minute`,
		"0/1m":     `"0/1m" is no rate such as "20/1m", 20 messages a minute`,
		"x/1m":     `"x/1m" is no rate such as "20/1m", 20 messages a minute`,
		"20/":      `"20/" is no rate such as "20/1m": there is no period such as 1s, 1m or 1h behind the stroke`,
		"20/0s":    `"20/0s" is no rate such as "20/1m": there is no period such as 1s, 1m or 1h behind the stroke`,
		"20/week":  `"20/week" is no rate such as "20/1m": there is no period such as 1s, 1m or 1h behind the stroke`,
		"20000/1h": `rate "20000/1h" counts more than 10000 messages in a period; give a shorter period`,
	} {
		if got, err := ParseRate(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, error %v", text, got, err)
		}
	}
}

func FuzzParseRate(f *testing.F) {
	f.Add("20/1m")
	f.Add("1/µs")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRate(text)
		if err != nil {
			return
		}
		if again, err := ParseRate(r.String()); err != nil || again != r {
			t.Fatalf("%q became %q: %v, error %v", text, r, again, err)
		}
	})
}
