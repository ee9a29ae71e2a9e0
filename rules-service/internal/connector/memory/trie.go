package memory

import (
	"fmt"
	"slices"
	"strings"
)

// checkFilter says what is wrong with the topic filter of a subscriber.
func checkFilter(filter string) error {
	levels := strings.Split(filter, "/")
	for i, l := range levels {
		switch {
		case l == "#" && i < len(levels)-1:
			return fmt.Errorf("topic %q: # must be the last level", filter)
		case l != "#" && strings.Contains(l, "#"), l != "+" && strings.Contains(l, "+"):
			return fmt.Errorf("topic %q: # and + stand for whole levels", filter)
		}
	}
	return nil
}

// trie finds the subscribers of a topic: + stands for any level, # for any
// number of them at the end.
type trie[S comparable] struct {
	here  []S // whose filter ends here
	below []S // whose filter ends with # here
	next  map[string]*trie[S]
}

func (t *trie[S]) add(filter string, s S) {
	level, rest, more := strings.Cut(filter, "/")
	if level == "#" {
		t.below = append(t.below, s)
		return
	}
	if t.next == nil {
		t.next = map[string]*trie[S]{}
	}
	if t.next[level] == nil {
		t.next[level] = &trie[S]{}
	}
	if more {
		t.next[level].add(rest, s)
		return
	}
	t.next[level].here = append(t.next[level].here, s)
}

// remove takes s out, and with it the levels that nobody needs any more.
func (t *trie[S]) remove(filter string, s S) {
	level, rest, more := strings.Cut(filter, "/")
	if level == "#" {
		t.below = without(t.below, s)
		return
	}
	n := t.next[level]
	switch {
	case n == nil:
		return
	case more:
		n.remove(rest, s)
	default:
		n.here = without(n.here, s)
	}
	if len(n.here)+len(n.below)+len(n.next) == 0 {
		delete(t.next, level)
	}
}

// without is a list without s; lists are never changed in place.
func without[S comparable](list []S, s S) []S {
	return slices.DeleteFunc(slices.Clone(list), func(o S) bool { return o == s })
}

// match appends the subscribers of a topic.
func (t *trie[S]) match(dst []S, topic string) []S {
	dst = append(dst, t.below...)
	level, rest, more := strings.Cut(topic, "/")
	if level != "+" {
		dst = t.next[level].matchRest(dst, rest, more)
	}
	return t.next["+"].matchRest(dst, rest, more)
}

func (t *trie[S]) matchRest(dst []S, rest string, more bool) []S {
	switch {
	case t == nil:
		return dst
	case more:
		return t.match(dst, rest)
	}
	return append(append(dst, t.here...), t.below...) // "a/#" matches "a"
}
