package jsonpath

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"sluice/sqlengine/value"
)

func (p *parser) filter() (selector, error) {
	condition, err := p.or()
	if err != nil {
		return nil, err
	}
	return filter{condition}, nil
}

func (p *parser) or() (expr, error) {
	x, err := p.and()
	for err == nil && p.operator("||") {
		var y expr
		y, err = p.and()
		x = logic{x: x, y: y, or: true}
	}
	return x, err
}

func (p *parser) and() (expr, error) {
	x, err := p.comparison()
	for err == nil && p.operator("&&") {
		var y expr
		y, err = p.comparison()
		x = logic{x: x, y: y}
	}
	return x, err
}

func (p *parser) operator(op string) bool {
	p.blanks()
	return p.take(op)
}

func (p *parser) comparison() (expr, error) {
	x, err := p.unary()
	if err != nil {
		return nil, err
	}
	p.blanks()
	for _, op := range []string{"==", "!=", "<=", ">=", "<", ">"} {
		if p.take(op) {
			y, err := p.unary()
			return comparison{x: x, y: y, op: op}, err
		}
	}
	return x, nil
}

// maxDepth bounds what is nested in a filter, and so the recursion.
const maxDepth = 100

// unary reads a value, or a condition behind ! or in parentheses.
func (p *parser) unary() (expr, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, errors.New("the filter is nested too deeply")
	}
	defer func() { p.depth-- }()
	p.blanks()
	switch c := p.peek(); {
	case p.take("!"):
		x, err := p.unary()
		return not{x}, err
	case p.take("("):
		x, err := p.or()
		if err != nil {
			return nil, err
		}
		if p.blanks(); !p.take(")") {
			return nil, p.expected(")")
		}
		return x, nil
	case p.take("@"), p.take("$"):
		path, err := p.path()
		return operand{path: path, fromRoot: c == '$'}, err
	case c == '"' || c == '\'':
		s, err := p.quoted()
		return literal{value.OfString(s)}, err
	case c == '-' || isDigit(c):
		return p.number()
	}
	return p.word()
}

func (p *parser) word() (expr, error) {
	start := p.at
	switch p.name() {
	case "true":
		return literal{value.OfBool(true)}, nil
	case "false":
		return literal{value.OfBool(false)}, nil
	case "null", "nil":
		return literal{}, nil
	}
	p.at = start
	return nil, p.expected("@, $, a number, a text in quotes, true, false or null")
}

func (p *parser) number() (expr, error) {
	start := p.at
	for strings.IndexByte("+-.eE0123456789", p.peek()) >= 0 {
		p.at++
	}
	text := p.text[start:p.at]
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return literal{value.OfInt(i)}, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		p.at = start
		return nil, p.expected("a number")
	}
	return literal{value.OfFloat(f)}, nil
}

// quoted reads a text in single or double quotes, with the escapes of JSON.
func (p *parser) quoted() (string, error) {
	start, quote := p.at, p.peek()
	var b strings.Builder
	for p.at++; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; c {
		case quote:
			p.at++
			return b.String(), nil
		case '\\':
			p.at++
			if !p.escape(&b) {
				return "", p.expected("an escape of JSON")
			}
		default:
			b.WriteByte(c)
		}
	}
	p.at = start
	return "", errors.New("the quote is not closed")
}

var escapes = map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', 'b': '\b', 'f': '\f', '/': '/', '\\': '\\', '"': '"', '\'': '\''}

// escape reads what follows a backslash, up to its last byte.
func (p *parser) escape(b *strings.Builder) bool {
	c := p.peek()
	if c != 'u' {
		e, ok := escapes[c]
		b.WriteByte(e)
		return ok
	}
	if p.at+4 >= len(p.text) {
		return false
	}
	n, err := strconv.ParseUint(p.text[p.at+1:p.at+5], 16, 16)
	if err != nil || utf16.IsSurrogate(rune(n)) {
		return false
	}
	b.Write(utf8.AppendRune(nil, rune(n)))
	p.at += 4
	return true
}
