package sqlengine

import (
	"iter"
	"strings"
)

// Statements cuts a text into its statements, at the semicolons that do not
// stand inside quotes and comments, and yields each with its offset in the
// text. What has no word in it is left out.
func Statements(text string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for start := 0; start < len(text); {
			end, words := statement(text[start:])
			sql := text[start : start+end]
			trimmed := strings.TrimSpace(sql)
			if words && !yield(start+strings.Index(sql, trimmed), trimmed) {
				return
			}
			start += end + 1
		}
	}
}

// statement finds the end of the statement that s begins with, and tells
// whether there is more in it than blanks and comments.
func statement(s string) (end int, words bool) {
	for end < len(s) {
		if n := passage(s[end:]); n > 0 {
			words = words || s[end] != '-' && s[end] != '/'
			end += n
			continue
		}
		if s[end] == ';' {
			break
		}
		words = words || s[end] > ' '
		end++
	}
	return end, words
}

// passage is the length of the quoted text or comment that s begins with.
func passage(s string) int {
	until := func(from int, mark string) int {
		if i := strings.Index(s[from:], mark); i >= 0 {
			return from + i + len(mark)
		}
		return len(s)
	}
	switch {
	case strings.HasPrefix(s, "--"):
		return until(2, "\n")
	case strings.HasPrefix(s, "/*"):
		return until(2, "*/")
	case s[0] == '`':
		return until(1, "`")
	case s[0] == '"' || s[0] == '\'':
		for i := 1; i < len(s); i++ {
			switch s[i] {
			case '\\':
				i++
			case s[0]:
				return i + 1
			}
		}
		return len(s)
	}
	return 0
}
