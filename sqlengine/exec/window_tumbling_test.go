package exec

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/sqlengine/plan"
)

// TestFirstEndIsAhead: the first end lies after the start by at most the size,
// and is a multiple of it within the unit's parent.
func TestFirstEndIsAhead(t *testing.T) {
	zones := []string{"UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns"}
	rapid.Check(t, func(t *rapid.T) {
		zone, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		spec := plan.Length{Unit: rapid.SampledFrom([]string{"MS", "SS", "MI"}).Draw(t, "unit"), Size: rapid.Int64Range(1, 5000).Draw(t, "size")}
		start := time.Unix(0, rapid.Int64Range(0, 4e18).Draw(t, "start")).In(zone)
		end := firstEnd(spec, start)
		if !end.After(start) || end.Sub(start) > time.Duration(spec.Nanos()) {
			t.Fatalf("start %v, end %v", start, end)
		}
		parent := map[string]time.Duration{"MS": time.Second, "SS": time.Minute, "MI": time.Hour}[spec.Unit]
		hour, minute, second := start.Clock()
		passed := (time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second +
			time.Duration(start.Nanosecond())) % parent
		if since := end.Sub(start) + passed; int64(since)%spec.Nanos() != 0 {
			t.Fatalf("start %v, end %v: %v after the parent's start", start, end, since)
		}
	})
}

func TestFirstEnd(t *testing.T) {
	for _, tc := range []struct {
		unit        string
		size        int64
		start, want string
	}{
		{"SS", 10, "2024-01-01T00:00:00Z", "2024-01-01T00:00:10Z"},
		{"SS", 10, "2024-01-01T00:00:10.5Z", "2024-01-01T00:00:20Z"},
		{"SS", 7, "2024-01-01T00:00:58Z", "2024-01-01T00:01:03Z"},
		{"SS", 90, "2024-01-01T00:00:58Z", "2024-01-01T00:01:30Z"},
		{"MI", 25, "2024-01-01T10:50:00Z", "2024-01-01T11:15:00Z"},
		{"HH", 5, "2024-01-01T10:00:01Z", "2024-01-01T15:00:00Z"},
		{"DD", 1, "2024-01-01T10:00:00Z", "2024-01-02T00:00:00Z"},
		{"DD", 7, "2024-01-01T00:00:00Z", "2024-01-08T00:00:00Z"},
	} {
		start, err := time.Parse(time.RFC3339, tc.start)
		if err != nil {
			t.Fatal(err)
		}
		got := firstEnd(plan.Length{Unit: tc.unit, Size: tc.size}, start).Format(time.RFC3339)
		if got != tc.want {
			t.Errorf("%d %s from %s: %s, want %s", tc.size, tc.unit, tc.start, got, tc.want)
		}
	}
}

// TestClocksChange starts around the changes of the clocks: an end is always
// ahead, hours end on the hour, and days when the first moment of a date comes,
// which need not be midnight.
func TestClocksChange(t *testing.T) {
	changes := map[string][]string{
		"Europe/Berlin":       {"2024-03-31T01:00:00Z", "2024-10-27T01:00:00Z"},
		"America/New_York":    {"2024-03-10T07:00:00Z", "2024-11-03T06:00:00Z"},
		"America/Santiago":    {"2024-09-08T04:00:00Z", "2024-04-07T03:00:00Z"},
		"Africa/Cairo":        {"2024-04-25T22:00:00Z", "2024-10-31T21:00:00Z"},
		"America/Havana":      {"2024-03-10T05:00:00Z", "2024-11-03T05:00:00Z"},
		"Australia/Lord_Howe": {"2024-10-05T15:30:00Z", "2024-04-06T15:00:00Z"},
	}
	for name, list := range changes {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range list {
			change, err := time.Parse(time.RFC3339, text)
			if err != nil {
				t.Fatal(err)
			}
			for minutes := -60 * 30; minutes < 60*30; minutes += 7 {
				start := change.Add(time.Duration(minutes) * time.Minute).In(zone)
				for _, unit := range []string{"MS", "SS", "MI", "HH", "DD"} {
					checkEnds(t, unit, start)
				}
			}
		}
	}
}

func checkEnds(t *testing.T, unit string, start time.Time) {
	t.Helper()
	k := ticksFrom(plan.Length{Unit: unit, Size: 1}, start.UnixNano(), start.Location())
	end := time.Unix(0, k.time(k.base)).In(start.Location())
	if !end.After(start) || end.Sub(start) > 25*time.Hour+30*time.Minute {
		t.Fatalf("%s from %v: %v", unit, start, end)
	}
	if unit == "HH" && end.Minute() != 0 && end.Sub(start) > time.Hour {
		t.Fatalf("the hour from %v ends at %v", start, end)
	}
	for range 3 {
		if unit == "DD" && (end.Day() == start.Day() || end.Add(-1).Day() == end.Day()) {
			t.Fatalf("the day of %v ends at %v", start, end)
		}
		start, end = end, time.Unix(0, k.time(k.after(k.position(end.UnixNano())))).In(start.Location())
	}
}
