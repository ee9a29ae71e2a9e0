package mqttclient

import (
	"slices"
	"strings"
)

// trie finds what is filed under topic filters.
type trie[T comparable] struct {
	here  []T        // whose filter ends here
	below *levels[T] // nil: nothing is there, as at the end of most topics
}

// levels are what comes behind a level.
type levels[T comparable] struct {
	deep []T // whose filter ends with #
	next map[string]*trie[T]
	plus *trie[T]
}

func (t *trie[T]) add(filter string, e T) {
	for {
		level, rest, more := strings.Cut(filter, "/")
		if t.below == nil {
			t.below = &levels[T]{}
		}
		if level == "#" {
			t.below.deep = append(t.below.deep, e)
			return
		}
		t = t.below.at(level)
		if !more {
			t.here = append(t.here, e)
			return
		}
		filter = rest
	}
}

// at finds or makes the trie of a level.
func (l *levels[T]) at(level string) *trie[T] {
	if level == "+" {
		if l.plus == nil {
			l.plus = &trie[T]{}
		}
		return l.plus
	}
	if l.next == nil {
		l.next = map[string]*trie[T]{}
	}
	if l.next[level] == nil {
		l.next[level] = &trie[T]{}
	}
	return l.next[level]
}

// remove takes e out and reports whether nothing is left below t.
func (t *trie[T]) remove(filter string, e T) bool {
	if t.below != nil && t.below.remove(filter, e) {
		t.below = nil
	}
	return t.empty()
}

func (l *levels[T]) remove(filter string, e T) (empty bool) {
	level, rest, more := strings.Cut(filter, "/")
	switch {
	case level == "#":
		l.deep = without(l.deep, e)
	case level == "+" && l.plus != nil:
		if l.plus.removeRest(rest, more, e) {
			l.plus = nil
		}
	case l.next[level] != nil:
		if l.next[level].removeRest(rest, more, e) {
			delete(l.next, level)
		}
	}
	return len(l.deep) == 0 && len(l.next) == 0 && l.plus == nil
}

func (t *trie[T]) removeRest(rest string, more bool, e T) bool {
	if more {
		return t.remove(rest, e)
	}
	t.here = without(t.here, e)
	return t.empty()
}

func (t *trie[T]) empty() bool { return len(t.here) == 0 && t.below == nil }

// without removes e once.
func without[T comparable](l []T, e T) []T {
	i := slices.Index(l, e)
	switch {
	case i < 0:
		return l
	case len(l) == 1:
		return nil
	}
	return slices.Delete(l, i, i+1)
}

// match appends what is filed for a topic. Wildcards do not match a first level
// that begins with $.
func (t *trie[T]) match(dst []T, topic string) []T {
	return t.below.match(dst, topic, strings.HasPrefix(topic, "$"))
}

func (l *levels[T]) match(dst []T, topic string, hidden bool) []T {
	if l == nil {
		return dst
	}
	if !hidden {
		dst = append(dst, l.deep...)
	}
	level, rest, more := strings.Cut(topic, "/")
	if n := l.next[level]; n != nil {
		dst = n.matchRest(dst, rest, more)
	}
	if l.plus != nil && !hidden {
		dst = l.plus.matchRest(dst, rest, more)
	}
	return dst
}

func (t *trie[T]) matchRest(dst []T, rest string, more bool) []T {
	if more {
		return t.below.match(dst, rest, false)
	}
	dst = append(dst, t.here...)
	if t.below != nil {
		dst = append(dst, t.below.deep...) // "a/#" matches "a"
	}
	return dst
}

// overlaps tells whether a topic can match filter and that of an element other
// than e.
func (t *trie[T]) overlaps(filter string, e T) bool {
	level, rest, more := strings.Cut(filter, "/")
	if level == "#" {
		return t.any(e)
	}
	l := t.below
	if l == nil {
		return false
	}
	if other(l.deep, e) {
		return true
	}
	if level == "+" {
		for _, n := range l.next {
			if n.overlapsRest(rest, more, e) {
				return true
			}
		}
	} else if n := l.next[level]; n != nil && n.overlapsRest(rest, more, e) {
		return true
	}
	return l.plus != nil && l.plus.overlapsRest(rest, more, e)
}

func (t *trie[T]) overlapsRest(rest string, more bool, e T) bool {
	if more {
		return t.overlaps(rest, e)
	}
	return other(t.here, e) || t.below != nil && other(t.below.deep, e)
}

// any tells whether there is an element other than e.
func (t *trie[T]) any(e T) bool {
	if other(t.here, e) {
		return true
	}
	l := t.below
	if l == nil {
		return false
	}
	if other(l.deep, e) || l.plus != nil && l.plus.any(e) {
		return true
	}
	for _, n := range l.next {
		if n.any(e) {
			return true
		}
	}
	return false
}

func other[T comparable](list []T, e T) bool {
	return slices.ContainsFunc(list, func(x T) bool { return x != e })
}
