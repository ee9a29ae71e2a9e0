package main

import (
	"fmt"
	"strings"
)

// deviceRow is what happens to one device.
type deviceRow struct {
	Line   int      `json:"line"`
	Name   string   `json:"name"`
	Action string   `json:"action"` // create, update, unchanged or error
	Diff   []string `json:"diff,omitempty"`
	Error  string   `json:"error,omitempty"`
}

// deviceRows are those of a whole change.
type deviceRows struct {
	Applied bool        `json:"applied"`
	Devices []deviceRow `json:"devices"`
}

func (l *deviceRows) count(action string) (n int) {
	for i := range l.Devices {
		if l.Devices[i].Action == action {
			n++
		}
	}
	return n
}

// findTwins finds names that stand in two parts; the service sees one at a time.
func (l *deviceRows) findTwins() {
	first := map[string]int{}
	for i := range l.Devices {
		r := &l.Devices[i]
		if line, twice := first[r.Name]; twice && r.Action != "error" {
			r.Action, r.Error, r.Diff = "error", fmt.Sprintf("device %q stands in line %d already", r.Name, line), nil
			continue
		}
		if r.Name != "" {
			first[r.Name] = r.Line
		}
	}
}

// showDeviceRows lists what is not left as it is.
func (s *session) showDeviceRows(l *deviceRows) {
	for i := range l.Devices {
		r := &l.Devices[i]
		switch r.Action {
		case "unchanged":
			continue
		case "error":
			s.printf("line %d %s: %s\n", r.Line, r.Name, r.Error)
			continue
		}
		s.printf("%s %s\n", r.Action, r.Name)
		for _, line := range r.Diff {
			s.printf("  %s\n", line)
		}
	}
}

func (s *session) showRefusedRows(l *deviceRows) {
	for i := range l.Devices {
		if r := &l.Devices[i]; r.Action == "error" {
			s.printf("line %d %s: %s\n", r.Line, r.Name, r.Error)
		}
	}
}

// concludeDevices ends the output: with a line for people, or with all of it.
// What is wrong makes the error.
func (s *session) concludeDevices(l *deviceRows, wrong string) error {
	if !s.tables() {
		if err := s.show(l); err != nil {
			return err
		}
	}
	if s.tables() && (wrong == "" || l.Applied) {
		s.printf("%s\n", l.summary())
	}
	if wrong != "" {
		return found{wrong}
	}
	return nil
}

func (l *deviceRows) summary() string {
	var parts []string
	for _, a := range []struct{ action, done string }{{"create", "created"}, {"update", "updated"}, {"unchanged", "unchanged"}} {
		if n := l.count(a.action); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, a.done))
		}
	}
	counts := strings.Join(parts, ", ")
	switch {
	case l.Applied:
		return "done: " + counts
	case l.count("create")+l.count("update") == 0:
		return "nothing to change: " + counts
	}
	return "dry run, nothing was changed: would be " + counts
}
