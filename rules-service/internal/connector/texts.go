package connector

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// ellipsis ends a text that was cut.
const ellipsis = "…"

// CutText shortens a text to so many bytes of UTF-8, never inside a character,
// and shows that it did. Bytes that are no UTF-8 are replaced.
func CutText(text string, bytes int) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	if len(text) <= bytes {
		return text
	}
	end := bytes - len(ellipsis)
	if end < 0 {
		return ""
	}
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + ellipsis
}

// JoinTexts makes one text of many, a line each, in so many bytes: a heading
// with their number, equal ones once, and how many had no room.
func JoinTexts(texts []string, bytes int) string {
	heading := fmt.Sprintf("%d messages:", len(texts))
	lines, times := distinct(texts)
	// room for the last line, and for the number in it
	rest := func(n int) string { return fmt.Sprintf("\n… and %d more", n) }
	room := bytes - len(heading) - len(rest(len(texts)))
	var b strings.Builder
	b.WriteString(heading)
	left := len(texts)
	for _, line := range lines {
		shown := "\n" + line
		if n := times[line]; n > 1 {
			shown += fmt.Sprintf(" (× %d)", n)
		}
		if len(shown) > room {
			if left == len(texts) && room > 0 { // one line, however long
				b.WriteString(CutText(shown, room))
				left -= times[line]
			}
			break
		}
		room -= len(shown)
		left -= times[line]
		b.WriteString(shown)
	}
	if left > 0 {
		b.WriteString(rest(left))
	}
	return CutText(b.String(), bytes)
}

// distinct are the texts, each once in the order of their first, and how often
// each is there.
func distinct(texts []string) (lines []string, times map[string]int) {
	times = make(map[string]int, len(texts))
	for _, t := range texts {
		if t = strings.ToValidUTF8(t, "\ufffd"); times[t] == 0 {
			lines = append(lines, t)
		}
		times[t]++
	}
	return lines, times
}
