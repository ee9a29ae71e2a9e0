package function

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestTimePatternReads(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	c := &Context{Location: zone}
	for _, tc := range []struct{ pattern, text, want string }{
		{"yyyy-MM-dd HH:mm:ss", "2024-07-01 12:00:00", "2024-07-01T12:00:00+02:00"},
		{"yyyy-MM-dd'T'HH:mm:ss.SSSX", "2024-07-01T12:00:00.250Z", "2024-07-01T12:00:00.25Z"},
		{"yyyy-MM-dd'T'HH:mm:ssXXX", "2024-07-01T12:00:00-03:30", "2024-07-01T12:00:00-03:30"},
		{"ddMMyyHHmm", "0107241530", "2024-07-01T15:30:00+02:00"},
		{"d. MMMM yyyy, h:mm a", "1. July 2024, 3:05 PM", "2024-07-01T15:05:00+02:00"},
		{"EEE MMM d HH:mm:ss Z yyyy", "Mon Jul 1 12:00:00 +0530 2024", "2024-07-01T12:00:00+05:30"},
		{"yyyyMMdd HHmmssSSS", "20240701 120000.125", "2024-07-01T12:00:00.125+02:00"},
		{`yyyy\yMM'o''clock'dd`, "2024y07o'clock01", "2024-07-01T00:00:00+02:00"},
	} {
		p, err := NewTimePattern(tc.pattern)
		if err != nil {
			t.Error(err)
			continue
		}
		got, err := p.Parse(c, tc.text)
		want, _ := time.Parse(time.RFC3339, tc.want)
		if err != nil || got != want.UnixNano() {
			t.Errorf("%s, %s: %v, %v, want %v", tc.pattern, tc.text, time.Unix(0, got).In(zone), err, want)
		}
	}
}

func TestTimePatternRefuses(t *testing.T) {
	for _, pattern := range []string{"yyyy 'Jan' dd", "'2006'", "yyyy-MM-dd'T15'", "0102"} {
		if _, err := NewTimePattern(pattern); err == nil {
			t.Errorf("%q: accepted", pattern)
		}
	}
	p, err := NewTimePattern("yyyy-MM-dd")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "2024-7-1", "2024-07-01 12:00:00", "01-07-2024", "2024-02-30", "9999-01-01"} {
		if got, err := p.Parse(&Context{}, text); err == nil {
			t.Errorf("%q: %v", text, time.Unix(0, got))
		}
	}
}

// TestTimePatternReadsWhatIsWritten: what FormatTime writes in a pattern with
// all parts is read as the time that it was.
func TestTimePatternReadsWhatIsWritten(t *testing.T) {
	dates := []string{"yyyy-MM-dd", "yyyy/M/d", "d MMM yyyy", "EEEE, MMMM d yyyy", "yyyyMMdd", "dd.MM.YYYY"}
	clocks := []string{"HH:mm:ss.SSS", "h:m:ss.SSS a", "HHmmssSSS", "HH 'h' mm:ss,SSS"}
	zones := []string{"Z", "XXX", "XX"}
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.SampledFrom(dates).Draw(t, "date") + " " + rapid.SampledFrom(clocks).Draw(t, "clock") + " " +
			rapid.SampledFrom(zones).Draw(t, "zone")
		p, err := NewTimePattern(pattern)
		if err != nil {
			t.Fatal(err)
		}
		zone := time.FixedZone("", rapid.IntRange(-720, 720).Draw(t, "offset")*60)
		at := time.UnixMilli(rapid.Int64Range(-1e12, 4e12).Draw(t, "time")).In(zone)
		text := FormatTime(at, pattern)
		if got, err := p.Parse(&Context{}, text); err != nil || got != at.UnixNano() {
			t.Fatalf("%s: %s is read as %v, %v", pattern, text, time.Unix(0, got), err)
		}
	})
}
