package mqttclient

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCheckFilter(t *testing.T) {
	for _, good := range []string{"a", "a/b", "+", "#", "a/+/b", "a/#", "/a", "+/+", "$share/g/a/#", "$SYS/a"} {
		if err := CheckFilter(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "a#", "#/a", "a+/b", "a/#/b", "$share/g", "$share/g/", "$share//a", "$share/+/a", "$share/g/a#", "a\x00", "a\xff", strings.Repeat("x", 65536)} {
		if CheckFilter(bad) == nil {
			t.Errorf("%q passes", bad)
		}
	}
}

// matches is the rule of the standard, level by level.
func matches(filter, topic []string) bool {
	switch {
	case len(filter) == 0:
		return len(topic) == 0
	case filter[0] == "#":
		return true
	case len(topic) == 0:
		return false
	}
	return (filter[0] == "+" || filter[0] == topic[0]) && matches(filter[1:], topic[1:])
}

func naive(filter, topic string) bool {
	if strings.HasPrefix(topic, "$") && (strings.HasPrefix(filter, "+") || strings.HasPrefix(filter, "#")) {
		return false
	}
	return matches(strings.Split(filter, "/"), strings.Split(topic, "/"))
}

var (
	filters = rapid.Custom(func(t *rapid.T) string {
		levels := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "", "+", "$x"}), 1, 4).Draw(t, "levels")
		if rapid.Bool().Draw(t, "deep") {
			levels = append(levels, "#")
		}
		return strings.Join(levels, "/")
	})
	topics = rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "", "$x"}), 1, 5), func(l []string) string { return strings.Join(l, "/") })
)

// The trie finds what the rule finds, also after filters were removed.
func TestTrieIsTheRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		root := &trie[*Subscription]{}
		var subs []*Subscription
		for _, f := range rapid.SliceOfN(filters, 1, 10).Draw(t, "filters") {
			s := &Subscription{filters: []string{f}}
			root.add(f, s)
			subs = append(subs, s)
		}
		for n := rapid.IntRange(0, len(subs)).Draw(t, "removed"); n > 0; n-- {
			root.remove(subs[0].filters[0], subs[0])
			subs = subs[1:]
		}
		topic := topics.Draw(t, "topic")
		found := map[*Subscription]int{}
		for _, s := range root.match(nil, topic) {
			found[s]++
		}
		for _, s := range subs {
			want := 0
			if naive(s.filters[0], topic) {
				want = 1
			}
			if found[s] != want {
				t.Fatalf("filter %q finds %q %d times, want %d", s.filters[0], topic, found[s], want)
			}
			delete(found, s)
		}
		if len(found) > 0 {
			t.Fatal("a removed filter is found")
		}
		for _, s := range subs {
			root.remove(s.filters[0], s)
		}
		if !root.empty() {
			t.Fatal("the trie keeps what was removed")
		}
	})
}

// overlap tells whether a topic can match both filters.
func overlap(a, b string) bool {
	for {
		la, ra, moreA := strings.Cut(a, "/")
		lb, rb, moreB := strings.Cut(b, "/")
		switch {
		case la == "#" || lb == "#":
			return true
		case la != lb && la != "+" && lb != "+":
			return false
		case !moreA && !moreB:
			return true
		case !moreA: // "a" and "a/#" match "a"
			return rb == "#"
		case !moreB:
			return ra == "#"
		}
		a, b = ra, rb
	}
}

// The trie finds an overlap where two filters overlap.
func TestTrieOverlaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var root trie[string]
		known := rapid.SliceOfDistinct(filters, rapid.ID).Draw(t, "known")
		for _, f := range known {
			root.add(f, f)
		}
		filter := filters.Draw(t, "filter")
		want := slices.ContainsFunc(known, func(f string) bool { return f != filter && overlap(f, filter) })
		if got := root.overlaps(filter, filter); got != want {
			t.Fatalf("%q overlaps with one of %q: %v", filter, known, got)
		}
	})
}

// Filters that match one topic overlap.
func TestOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := filters.Draw(t, "a"), filters.Draw(t, "b")
		topic := topics.Draw(t, "topic")
		both := matches(strings.Split(a, "/"), strings.Split(topic, "/")) && matches(strings.Split(b, "/"), strings.Split(topic, "/"))
		if both && !overlap(a, b) {
			t.Fatalf("%q and %q both match %q", a, b, topic)
		}
		if overlap(a, b) != overlap(b, a) {
			t.Fatal("overlap has a direction")
		}
	})
	for _, c := range [][2]string{{"a/b", "a/c"}, {"a/+/x", "a/b/y"}, {"a", "a/b"}, {"b/#", "a/#"}} {
		if overlap(c[0], c[1]) {
			t.Errorf("%v do not overlap", c)
		}
	}
}

// A filter that passes is found by the topic that it spells, whatever is in it.
func FuzzCheckFilter(f *testing.F) {
	for _, s := range []string{"a/+/b", "$share/g/a/#", "//", "$SYS/#", "a\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, filter string) {
		if CheckFilter(filter) != nil {
			return
		}
		var root trie[string]
		topic := unshared(filter)
		root.add(topic, filter)
		spelled := strings.ReplaceAll(topic, "+", "x")
		if found := root.match(nil, spelled); len(found) != 1 {
			t.Errorf("%q finds %q", spelled, found)
		}
		if root.remove(topic, filter); !root.empty() {
			t.Errorf("%q leaves something", filter)
		}
	})
}
