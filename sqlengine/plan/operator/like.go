package operator

import (
	"strings"
	"unicode/utf8"
)

// Pattern is a prepared LIKE pattern: runs of plain text between %.
type Pattern struct {
	parts [][]element
	plain string
	exact bool // there is no wildcard: the text must equal plain
}

// element is one character of a pattern; any stands for every character.
type element struct {
	r   rune
	any bool
}

// NewPattern prepares a pattern: % is any text, _ one character, and a
// backslash takes the wildcard meaning from the %, _ or \ behind it.
func NewPattern(text string) *Pattern {
	p := &Pattern{}
	var part []element
	var plain strings.Builder
	wild := false
	for rest := text; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		rest = rest[size:]
		switch {
		case r == '%':
			wild = true
			p.parts, part = append(p.parts, part), nil
			continue
		case r == '_':
			wild = true
			part = append(part, element{any: true})
			continue
		case r == '\\' && rest != "" && strings.IndexByte(`%_\`, rest[0]) >= 0:
			r, rest = rune(rest[0]), rest[1:]
		}
		part = append(part, element{r: r})
		plain.WriteRune(r)
	}
	p.parts = append(p.parts, part)
	p.exact, p.plain = !wild, plain.String()
	return p
}

// Match tells whether the whole text fits the pattern.
func (p *Pattern) Match(text string) bool {
	if p.exact {
		return text == p.plain
	}
	if len(p.parts) == 1 {
		n, ok := matchHere(p.parts[0], text)
		return ok && n == len(text)
	}
	n, ok := matchHere(p.parts[0], text)
	if !ok {
		return false
	}
	text = text[n:]
	last := p.parts[len(p.parts)-1]
	for _, part := range p.parts[1 : len(p.parts)-1] {
		if text, ok = after(part, text); !ok {
			return false
		}
	}
	return endsWith(last, text)
}

// matchHere matches a part at the start of text and returns its length there.
func matchHere(part []element, text string) (int, bool) {
	n := 0
	for _, e := range part {
		r, size := utf8.DecodeRuneInString(text[n:])
		if size == 0 || !e.any && e.r != r {
			return 0, false
		}
		n += size
	}
	return n, true
}

// after returns what follows the first match of a part.
func after(part []element, text string) (string, bool) {
	for {
		if n, ok := matchHere(part, text); ok {
			return text[n:], true
		}
		_, size := utf8.DecodeRuneInString(text)
		if size == 0 {
			return "", false
		}
		text = text[size:]
	}
}

func endsWith(part []element, text string) bool {
	skip := utf8.RuneCountInString(text) - len(part)
	if skip < 0 {
		return false
	}
	for range skip {
		_, size := utf8.DecodeRuneInString(text)
		text = text[size:]
	}
	n, ok := matchHere(part, text)
	return ok && n == len(text)
}
