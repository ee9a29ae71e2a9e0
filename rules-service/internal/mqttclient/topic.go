package mqttclient

import (
	"fmt"
	"strings"
)

// CheckFilter says what is wrong with a topic filter.
func CheckFilter(filter string) error {
	if filter == "" {
		return fmt.Errorf("a topic is empty")
	}
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

// unshared is the filter that a shared subscription routes by.
func unshared(filter string) string {
	if rest, ok := strings.CutPrefix(filter, "$share/"); ok {
		_, filter, _ = strings.Cut(rest, "/")
	}
	return filter
}

// trie routes topics to subscriptions.
type trie struct {
	subs []*Subscription // whose filter ends here
	deep []*Subscription // whose filter ends with # here
	next map[string]*trie
	plus *trie
}

func (t *trie) add(filter string, s *Subscription) {
	for {
		level, rest, more := strings.Cut(filter, "/")
		switch level {
		case "#":
			t.deep = append(t.deep, s)
			return
		case "+":
			if t.plus == nil {
				t.plus = &trie{}
			}
			t = t.plus
		default:
			if t.next == nil {
				t.next = map[string]*trie{}
			}
			if t.next[level] == nil {
				t.next[level] = &trie{}
			}
			t = t.next[level]
		}
		if !more {
			t.subs = append(t.subs, s)
			return
		}
		filter = rest
	}
}

// remove takes s out and reports whether nothing is left below t.
func (t *trie) remove(filter string, s *Subscription) bool {
	level, rest, more := strings.Cut(filter, "/")
	switch {
	case level == "#":
		t.deep = without(t.deep, s)
	case level == "+" && t.plus != nil:
		if t.plus.removeRest(rest, more, s) {
			t.plus = nil
		}
	case t.next[level] != nil:
		if t.next[level].removeRest(rest, more, s) {
			delete(t.next, level)
		}
	}
	return len(t.subs) == 0 && len(t.deep) == 0 && len(t.next) == 0 && t.plus == nil
}

func (t *trie) removeRest(rest string, more bool, s *Subscription) bool {
	if more {
		return t.remove(rest, s)
	}
	t.subs = without(t.subs, s)
	return len(t.subs) == 0 && len(t.deep) == 0 && len(t.next) == 0 && t.plus == nil
}

func without(l []*Subscription, s *Subscription) []*Subscription {
	var out []*Subscription
	for _, e := range l {
		if e != s {
			out = append(out, e)
		}
	}
	return out
}

// match appends the subscriptions of a topic. Wildcards do not match a first
// level that begins with $.
func (t *trie) match(dst []*Subscription, topic string) []*Subscription {
	return t.matchLevel(dst, topic, strings.HasPrefix(topic, "$"))
}

func (t *trie) matchLevel(dst []*Subscription, topic string, hidden bool) []*Subscription {
	if !hidden {
		dst = append(dst, t.deep...)
	}
	level, rest, more := strings.Cut(topic, "/")
	if n := t.next[level]; n != nil {
		dst = n.matchRest(dst, rest, more)
	}
	if t.plus != nil && !hidden {
		dst = t.plus.matchRest(dst, rest, more)
	}
	return dst
}

func (t *trie) matchRest(dst []*Subscription, rest string, more bool) []*Subscription {
	if more {
		return t.matchLevel(dst, rest, false)
	}
	return append(append(dst, t.subs...), t.deep...) // "a/#" matches "a"
}
