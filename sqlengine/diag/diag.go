// Package diag is the engine's error: what is wrong, where in the text, and
// what to do about it.
package diag

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Span is a half-open byte range of the query text.
type Span struct{ Start, End int }

// Join is the smallest span that holds both.
func (s Span) Join(o Span) Span { return Span{min(s.Start, o.Start), max(s.End, o.End)} }

// Code is a stable name of an error class, for the REST API and for tests.
type Code string

// The classes of findings.
const (
	Syntax          Code = "syntax"
	UnknownStream   Code = "unknown_stream"
	UnknownColumn   Code = "unknown_column"
	UnknownFunction Code = "unknown_function"
	UnknownParam    Code = "unknown_param"
	UnknownOption   Code = "unknown_option"
	BadOption       Code = "bad_option"
	NoOverload      Code = "no_overload"
	TypeMismatch    Code = "type_mismatch"
	Duplicate       Code = "duplicate"
	Cycle           Code = "cycle"
	Misplaced       Code = "misplaced"   // a construct in a clause that cannot hold it
	Unsupported     Code = "unsupported" // of the dialect, but not of this version
)

// Error is one finding in a text.
type Error struct {
	Code    Code
	Span    Span
	Message string // lower case, without the position
	Hint    string // optional, a full sentence
}

func (e *Error) Error() string { return e.Message }

// List is all findings of one compilation, in the order of their position.
type List []*Error

// Err is the list as an error, sorted by position; nil when it is empty.
func (l List) Err() error {
	if len(l) == 0 {
		return nil
	}
	slices.SortStableFunc(l, func(a, b *Error) int { return a.Span.Start - b.Span.Start })
	return l
}

func (l List) Error() string {
	lines := make([]string, len(l))
	for i, e := range l {
		lines[i] = e.Message
	}
	return strings.Join(lines, "\n")
}

// Render draws all findings, an empty line between them.
func (l List) Render(text string) string {
	parts := make([]string, len(l))
	for i, e := range l {
		parts[i] = e.Render(text)
	}
	return strings.Join(parts, "\n\n")
}

// Position returns line and column of the finding, both from 1; the column
// counts characters.
func (e *Error) Position(text string) (line, column int) {
	start := min(e.Span.Start, len(text))
	bol := strings.LastIndexByte(text[:start], '\n') + 1
	return 1 + strings.Count(text[:start], "\n"), 1 + utf8.RuneCountInString(text[bol:start])
}

// Render draws the finding with the line of the text that it points at.
func (e *Error) Render(text string) string {
	line, column := e.Position(text)
	start := min(e.Span.Start, len(text))
	bol := strings.LastIndexByte(text[:start], '\n') + 1
	shown, _, _ := strings.Cut(text[bol:], "\n")
	end := max(start, min(e.Span.End, bol+len(shown)))
	width := max(1, utf8.RuneCountInString(indent(text[start:end])))
	s := fmt.Sprintf("%d:%d: %s\n | %s\n | %s%s", line, column, e.Message,
		strings.TrimRight(shown, "\r"), indent(text[bol:start]), strings.Repeat("^", width))
	if e.Hint != "" {
		s += "\n   " + e.Hint
	}
	return s
}

// indent is as wide as s on a terminal: tabs stay tabs, characters of the Far
// East take two columns, marks on the character before them none.
func indent(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\t':
			b.WriteByte('\t')
		case unicode.In(r, unicode.Mn, unicode.Me):
		case isWide(r):
			b.WriteString("  ")
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func isWide(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) ||
		r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xff60 // their punctuation and full-width forms
}

// Nearest returns the candidate that is most like name, as a hint for a
// misspelling, or "" when none is near. A name that was cut short, or the
// beginning of which is a candidate, is near too.
func Nearest(name string, candidates []string) string {
	limit := len(name)/3 + 1
	best, bound := "", limit
	for _, c := range candidates {
		a, b := strings.ToLower(name), strings.ToLower(c)
		d := distance(a, b)
		if continues(a, b) || continues(b, a) {
			d = min(d, limit)
		}
		if d <= bound && d < max(len(a), len(b)) && (best == "" || d < bound) {
			best, bound = c, d
		}
	}
	return best
}

// continues tells whether long goes on where short, a few letters at least,
// ends.
func continues(short, long string) bool { return len(short) >= 3 && strings.HasPrefix(long, short) }

// DidYouMean is the hint for a misspelt name, or "" when no candidate is near.
func DidYouMean(name string, candidates []string) string {
	if n := Nearest(name, candidates); n != "" {
		return fmt.Sprintf("Did you mean %q?", n)
	}
	return ""
}

// distance counts the insertions, deletions, replacements and swaps of
// neighbours between a and b (optimal string alignment).
func distance(a, b string) int {
	var before, prev []int
	cur := make([]int, len(b)+1)
	for j := range cur {
		cur[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, prev, cur = prev, cur, make([]int, len(b)+1)
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
	}
	return cur[len(b)]
}
