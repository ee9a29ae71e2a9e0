package syntax

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"sluice/sqlengine/diag"
)

// lexer cuts text into tokens. The first error is kept; after it there are
// only end tokens.
type lexer struct {
	text string
	pos  int
	err  *diag.Error
}

// symbols are tried in this order, so that the longer ones win.
var symbols = []string{"->", "<=", ">=", "!=", "<>", "(", ")", "[", "]", ",", ";", ":", ".",
	"+", "-", "*", "/", "%", "&", "|", "^", "=", "<", ">"}

func (l *lexer) fail(span diag.Span, hint, format string, args ...any) token {
	if l.err == nil {
		l.err = &diag.Error{Code: diag.Syntax, Span: span, Message: fmt.Sprintf(format, args...), Hint: hint}
	}
	l.pos = len(l.text)
	return l.end()
}

func (l *lexer) end() token {
	return token{kind: tokenEnd, span: diag.Span{Start: len(l.text), End: len(l.text)}}
}

func (l *lexer) next() token {
	if !l.skipBlank() {
		return l.end()
	}
	start, c := l.pos, l.text[l.pos]
	switch {
	case c == '`':
		return l.quotedName()
	case c == '"' || c == '\'':
		return l.str(c)
	case c == '$':
		return l.param()
	case isDigit(c) || c == '.' && start+1 < len(l.text) && isDigit(l.text[start+1]):
		return l.number()
	}
	if r, _ := utf8.DecodeRuneInString(l.text[start:]); r == '_' || unicode.IsLetter(r) {
		return l.name()
	}
	return l.symbol()
}

// skipBlank skips white space and comments; false means the end.
func (l *lexer) skipBlank() bool {
	for l.pos < len(l.text) {
		rest := l.text[l.pos:]
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case unicode.IsSpace(r):
			l.pos += size
		case strings.HasPrefix(rest, "--"):
			if end := strings.IndexByte(rest, '\n'); end >= 0 {
				l.pos += end + 1
			} else {
				l.pos = len(l.text)
			}
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				l.fail(diag.Span{Start: l.pos, End: l.pos + 2}, "Close it with */.", "the comment does not end")
				return false
			}
			l.pos += end + 4
		default:
			return true
		}
	}
	return false
}

func (l *lexer) name() token {
	start := l.pos
	for l.pos < len(l.text) {
		r, size := utf8.DecodeRuneInString(l.text[l.pos:])
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			break
		}
		l.pos += size
	}
	t := token{kind: tokenName, text: l.text[start:l.pos], span: diag.Span{Start: start, End: l.pos}}
	if upper := strings.ToUpper(t.text); keywords[upper] {
		t.kind, t.text = tokenKeyword, upper
	}
	return t
}

// param reads $name.
func (l *lexer) param() token {
	start := l.pos
	l.pos++
	t := l.name()
	if t.text == "" {
		return l.fail(diag.Span{Start: start, End: start + 1}, "", "a parameter has a name: $limit")
	}
	return token{kind: tokenParam, text: l.text[start+1 : l.pos], span: diag.Span{Start: start, End: l.pos}}
}

func (l *lexer) quotedName() token {
	start := l.pos
	end := strings.IndexByte(l.text[start+1:], '`')
	if end < 0 {
		return l.fail(diag.Span{Start: start, End: start + 1}, "Close it with another backtick.", "the quoted name does not end")
	}
	l.pos = start + end + 2
	span := diag.Span{Start: start, End: l.pos}
	if end == 0 {
		return l.fail(span, "", "a name cannot be empty")
	}
	return token{kind: tokenName, text: l.text[start+1 : l.pos-1], quoted: true, span: span}
}

func (l *lexer) str(quote byte) token {
	start := l.pos
	var text strings.Builder
	for rest := l.text[start+1:]; rest != ""; {
		if rest[0] == quote {
			l.pos = len(l.text) - len(rest) + 1
			if strings.HasPrefix(rest[1:], rest[:1]) {
				return l.fail(diag.Span{Start: l.pos - 1, End: l.pos + 1}, `Within a text write \`+rest[:1]+`.`, "a doubled quote is not an escape")
			}
			return token{kind: tokenString, text: text.String(), span: diag.Span{Start: start, End: l.pos}}
		}
		r, multibyte, tail, err := unquoteChar(rest, quote)
		if err != nil {
			at := len(l.text) - len(rest)
			return l.fail(diag.Span{Start: at, End: min(at+2, len(l.text))}, `A backslash is written as \\.`, "unknown escape in a text")
		}
		if r < utf8.RuneSelf || !multibyte {
			text.WriteByte(byte(r))
		} else {
			text.WriteRune(r)
		}
		rest = tail
	}
	return l.fail(diag.Span{Start: start, End: start + 1}, "", "the text does not end: its closing %c is missing", quote)
}

// unquoteChar is strconv.UnquoteChar, except that bytes which are no UTF-8
// stay as they are.
func unquoteChar(s string, quote byte) (r rune, multibyte bool, tail string, err error) {
	if s[0] >= utf8.RuneSelf {
		if r, size := utf8.DecodeRuneInString(s); r == utf8.RuneError && size == 1 {
			return rune(s[0]), false, s[1:], nil
		}
	}
	return strconv.UnquoteChar(s, quote)
}

func (l *lexer) number() token {
	start := l.pos
	kind := tokenInt
	l.digits()
	if l.pos+1 < len(l.text) && l.text[l.pos] == '.' && isDigit(l.text[l.pos+1]) {
		kind = tokenFloat
		l.pos++
		l.digits()
	}
	if l.exponent() {
		kind = tokenFloat
	}
	if rest := l.text[l.pos:]; kind == tokenInt && (rest == "." || strings.HasPrefix(rest, ". ")) {
		return l.fail(diag.Span{Start: start, End: l.pos + 1}, "Write a digit behind the point.", "%s. is not a number", l.text[start:l.pos])
	}
	end := l.pos
	l.name()
	if l.pos > end {
		span := diag.Span{Start: start, End: l.pos}
		if text := l.text[start:l.pos]; strings.HasPrefix(text, "0x") || strings.HasPrefix(text, "0X") {
			return l.fail(span, "Write it as a decimal number.", "%s: there are no hexadecimal numbers", text)
		}
		return l.fail(span, "A name that begins with a digit must stand in backticks.", "%s is not a number", l.text[start:l.pos])
	}
	return token{kind: kind, text: l.text[start:end], span: diag.Span{Start: start, End: end}}
}

func (l *lexer) digits() {
	for l.pos < len(l.text) && isDigit(l.text[l.pos]) {
		l.pos++
	}
}

// exponent reads e12, E+12 or e-12 and tells whether one stood there.
func (l *lexer) exponent() bool {
	p := l.pos
	if p >= len(l.text) || l.text[p]|0x20 != 'e' {
		return false
	}
	p++
	if p < len(l.text) && (l.text[p] == '+' || l.text[p] == '-') {
		p++
	}
	if p >= len(l.text) || !isDigit(l.text[p]) {
		return false
	}
	l.pos = p
	l.digits()
	return true
}

// foreign are symbols of other dialects, with what to write here.
var foreign = []struct{ text, hint string }{
	{"==", "Write a single =."},
	{"||", "Write concat(a, b) to join texts, or OR."},
	{"&&", "Write AND."},
	{"!", "Write NOT, or != for unequal."},
}

func (l *lexer) symbol() token {
	rest := l.text[l.pos:]
	for _, f := range foreign {
		if strings.HasPrefix(rest, f.text) && !strings.HasPrefix(rest, "!=") {
			return l.fail(diag.Span{Start: l.pos, End: l.pos + len(f.text)}, f.hint, "unknown operator %s", f.text)
		}
	}
	for _, s := range symbols {
		if strings.HasPrefix(rest, s) {
			t := token{kind: tokenSymbol, text: s, span: diag.Span{Start: l.pos, End: l.pos + len(s)}}
			l.pos += len(s)
			return t
		}
	}
	r, size := utf8.DecodeRuneInString(rest)
	return l.fail(diag.Span{Start: l.pos, End: l.pos + size}, "", "unexpected character %q", r)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
