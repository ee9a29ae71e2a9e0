package memory

import (
	"slices"
	"strings"
	"testing"
)

func TestWildcards(t *testing.T) {
	s := newSpace()
	sink := s.sink(t, map[string]any{"topic": "{{.t}}"})
	topics := []string{"a", "a/b", "a/b/c", "a/x/c", "b", "/", "a/"}
	for filter, want := range map[string]string{
		"a": "a", "a/b": "a/b", "+": "a b", "a/+": "a/b a/", "a/+/c": "a/b/c a/x/c", "a/#": "a a/b a/b/c a/x/c a/",
		"#": "a a/b a/b/c a/x/c b / a/", "+/+": "a/b / a/", "+/#": "a a/b a/b/c a/x/c b / a/", "nothing": "",
	} {
		source := s.subscribe(t, filter)
		for _, topic := range topics {
			publish(t, sink, topic, "x")
		}
		var got []string
		for _, m := range read(t, source, len(strings.Fields(want))) {
			got = append(got, strings.TrimSuffix(m, " x"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s takes %q, want %q", filter, got, want)
		}
		if err := source.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// What was subscribed and is not any more leaves nothing behind.
func TestTrieForgets(t *testing.T) {
	var tree trie[int]
	filters := []string{"a/b/c", "a/#", "#", "+/b", "a", "a/b/c"}
	for i, f := range filters {
		tree.add(f, i)
	}
	if got := tree.match(nil, "a/b/c"); !slices.Equal(got, []int{2, 1, 0, 5}) {
		t.Error(got)
	}
	for i, f := range filters {
		tree.remove(f, i)
		tree.remove("never/there", i)
	}
	if len(tree.next)+len(tree.here)+len(tree.below) != 0 {
		t.Errorf("%+v is left", tree)
	}
}

func FuzzFilter(f *testing.F) {
	f.Add("a/+/#", "a/b/c")
	f.Add("/", "//")
	f.Add("+", "+")
	f.Fuzz(func(t *testing.T, filter, topic string) {
		if checkFilter(filter) != nil {
			return
		}
		var tree trie[int]
		tree.add(filter, 1)
		matched := len(tree.match(nil, topic)) == 1
		if matched != matches(strings.Split(filter, "/"), strings.Split(topic, "/")) {
			t.Fatalf("%q matches %q: %t", filter, topic, matched)
		}
		tree.remove(filter, 1)
		if len(tree.next)+len(tree.here)+len(tree.below) != 0 {
			t.Fatal("something is left")
		}
	})
}

// matches is the rule of wildcards in its plainest form.
func matches(filter, topic []string) bool {
	switch {
	case len(filter) == 1 && filter[0] == "#":
		return true
	case len(filter) == 0 || len(topic) == 0:
		return len(filter) == len(topic)
	}
	return (filter[0] == "+" || filter[0] == topic[0]) && matches(filter[1:], topic[1:])
}
