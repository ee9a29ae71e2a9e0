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
		spec := &plan.Tumbling{Unit: rapid.SampledFrom([]string{"MS", "SS", "MI"}).Draw(t, "unit"), Size: rapid.Int64Range(1, 5000).Draw(t, "size")}
		start := time.Unix(0, rapid.Int64Range(0, 4e18).Draw(t, "start")).In(zone)
		end := time.Unix(0, firstEnd(spec, start)).In(zone)
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
		got := time.Unix(0, firstEnd(&plan.Tumbling{Unit: tc.unit, Size: tc.size}, start)).UTC().Format(time.RFC3339)
		if got != tc.want {
			t.Errorf("%d %s from %s: %s, want %s", tc.size, tc.unit, tc.start, got, tc.want)
		}
	}
}
