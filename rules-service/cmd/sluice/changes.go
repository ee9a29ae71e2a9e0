package main

import (
	"fmt"
	"slices"
	"strings"
)

// changes are what applying definitions would do, or has done.
type changes struct {
	Applied bool     `json:"applied"`
	Changes []change `json:"changes"`
}

// change is what happens to one definition.
type change struct {
	Kind     string   `json:"kind"`
	Name     string   `json:"name"`
	Action   string   `json:"action"` // create, update, unchanged or delete
	Warnings []string `json:"warnings,omitempty"`
	Diff     string   `json:"diff,omitempty"` // of an update
}

func (c *change) key() string { return c.Kind + " " + c.Name }

func (l *changes) count(action string) (n int) {
	for i := range l.Changes {
		if l.Changes[i].Action == action {
			n++
		}
	}
	return n
}

// changes tells whether there is anything to do.
func (l *changes) changes() bool { return l.count("unchanged") < len(l.Changes) }

// copyDiffs takes over the differences that were found before.
func (l *changes) copyDiffs(from *changes) {
	diffs := map[string]string{}
	for i := range from.Changes {
		diffs[from.Changes[i].key()] = from.Changes[i].Diff
	}
	for i := range l.Changes {
		l.Changes[i].Diff = diffs[l.Changes[i].key()]
	}
}

// showChanges lists what is not left as it is, and all warnings.
func (s *session) showChanges(l *changes) {
	for i := range l.Changes {
		c := &l.Changes[i]
		if c.Action != "unchanged" || len(c.Warnings) > 0 {
			s.printf("%s %s %s\n", c.Action, c.Kind, c.Name)
		}
		for _, w := range c.Warnings {
			s.printf("  warning: %s\n", w)
		}
		s.printf("%s", s.painted(c.Diff))
	}
}

// showNews shows the warnings that came only when the changes were made.
func (s *session) showNews(planned, made *changes) {
	known := map[string][]string{}
	for i := range planned.Changes {
		known[planned.Changes[i].key()] = planned.Changes[i].Warnings
	}
	for i := range made.Changes {
		c := &made.Changes[i]
		for _, w := range c.Warnings {
			if s.tables() && !slices.Contains(known[c.key()], w) {
				s.printf("%s %s\n  warning: %s\n", c.Kind, c.Name, w)
			}
		}
	}
}

// conclude ends the output: with a line for people, or with all of it.
func (s *session) conclude(l *changes, applied bool) error {
	l.Applied = applied
	if !s.tables() {
		return s.show(l)
	}
	var parts []string
	for _, a := range []struct{ action, done string }{{"create", "created"}, {"update", "updated"}, {"delete", "deleted"}, {"unchanged", "unchanged"}} {
		if n := l.count(a.action); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, a.done))
		}
	}
	switch counts := strings.Join(parts, ", "); {
	case applied:
		s.printf("applied: %s\n", counts)
	case !l.changes():
		s.printf("nothing to change: %s\n", counts)
	default:
		s.printf("dry run, nothing was changed: would be %s\n", counts)
	}
	return nil
}
