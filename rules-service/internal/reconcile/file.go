package reconcile

import (
	"fmt"
	"strings"
	"time"

	"sluice/rules-service/internal/definition"
)

// Kind is what a file holds.
type Kind string

// The kinds of files.
const (
	Definitions Kind = "definitions"
	Commands    Kind = "commands"
)

// State is what became of a file.
type State string

// The states.
const (
	Applied State = "applied"
	Pending State = "pending" // it is being written, or gone
	Failed  State = "failed"  // and is tried again
)

// Pauses between tries of a file that failed: each is twice the one before.
const (
	firstPause   = time.Second
	longestPause = time.Minute
)

// Problem is one thing that is wrong with a file.
type Problem struct {
	definition.Place
	Definition string // "rule hot", or ""
	Message    string
}

// file is what is known about a file.
type file struct {
	name    string
	kind    Kind
	hash    string  // of the content that was seen last
	applied string  // hash of the content that is in effect
	brings  []claim // what the content defines
	known   bool    // brings are those of the content seen last

	seen     time.Time // when the content was seen first
	settled  bool      // it does not change any more
	gone     time.Time // since when the file is not there
	problems []Problem
	tries    int // of this content
	last     time.Time
	next     time.Time // try
}

// state is the state, and what is said about it.
func (f *file) state() (State, string) {
	switch {
	case !f.gone.IsZero():
		return Pending, "the file is gone"
	case len(f.problems) > 0:
		return Failed, f.problems[0].text(f.name)
	case f.hash == f.applied:
		return Applied, ""
	}
	return Pending, "the file is being written"
}

// text is the problem with its place.
func (p *Problem) text(file string) string {
	var b strings.Builder
	b.WriteString(file)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	b.WriteString(": ")
	if p.Definition != "" {
		b.WriteString(p.Definition + ": ")
	}
	b.WriteString(p.Message)
	return b.String()
}

// texts are all problems, to compare them.
func (f *file) texts() string {
	var b strings.Builder
	for i := range f.problems {
		b.WriteString(f.problems[i].text(f.name) + "\n")
	}
	return b.String()
}

// attention is when the file should be looked at again; zero: when the folder
// is.
func (f *file) attention() time.Time {
	switch {
	case !f.gone.IsZero():
		return time.Time{}
	case !f.settled:
		return f.seen.Add(settle)
	}
	return f.next
}

// change takes a new content.
func (f *file) change(s *source, now time.Time) {
	age := now.Sub(s.modified)
	f.hash, f.seen, f.settled = s.hash, now, age > settle
	f.known, f.problems, f.tries, f.next = false, nil, 0, time.Time{}
}

// pause is the time before the next try.
func (f *file) pause() time.Duration {
	pause := firstPause
	for i := 1; i < f.tries && pause < longestPause; i++ {
		pause *= 2
	}
	return min(pause, longestPause)
}
