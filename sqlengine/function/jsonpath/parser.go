package jsonpath

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// SyntaxError tells what is wrong with a path, and where.
type SyntaxError struct {
	Path     string
	Position int // of the character, from 1
	Msg      string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("json path %q, character %d: %s", e.Path, e.Position, e.Msg)
}

// Compile reads a path.
func Compile(text string) (*Path, error) {
	p := &parser{text: text}
	path, err := p.root()
	if err != nil {
		return nil, &SyntaxError{Path: text, Position: utf8.RuneCountInString(text[:p.at]) + 1, Msg: err.Error()}
	}
	return path, nil
}

// parser reads by recursive descent. After an error, at is where it was found.
type parser struct {
	text  string
	at    int
	depth int // of what is open in filters
}

func (p *parser) root() (*Path, error) {
	p.blanks()
	if !p.take("$") {
		return nil, p.expected("$, with which a path begins")
	}
	path, err := p.path()
	if err != nil {
		return nil, err
	}
	if p.blanks(); p.at < len(p.text) {
		return nil, p.expected("., [ or the end of the path")
	}
	return path, nil
}

// path reads the selectors behind $ or @.
func (p *parser) path() (*Path, error) {
	path := &Path{}
	for {
		var s selector
		var err error
		switch {
		case p.take("..["):
			path.selectors = append(path.selectors, descent{})
			s, err = p.bracket()
		case p.take(".."):
			path.selectors = append(path.selectors, descent{})
			s, err = p.member()
		case p.take("."):
			s, err = p.member()
		case p.take("["):
			s, err = p.bracket()
		default:
			path.many = isMany(path.selectors)
			return path, nil
		}
		if err != nil {
			return nil, err
		}
		path.selectors = append(path.selectors, s)
	}
}

// isMany tells whether some selector is more than a key.
func isMany(selectors []selector) bool {
	return slices.ContainsFunc(selectors, func(s selector) bool { _, single := s.(key); return !single })
}

// member reads what stands behind a dot.
func (p *parser) member() (selector, error) {
	if p.take("*") {
		return wildcard{}, nil
	}
	if name := p.name(); name != "" {
		return key{name: name}, nil
	}
	return nil, p.expected(`a name or *; other keys are written ["a key"]`)
}

// bracket reads up to the closing bracket.
func (p *parser) bracket() (selector, error) {
	p.blanks()
	var s selector
	var err error
	switch {
	case p.take("*"):
		s = wildcard{}
	case p.take("?"):
		s, err = p.filter()
	default:
		s, err = p.keys()
	}
	if err != nil {
		return nil, err
	}
	if p.blanks(); !p.take("]") {
		return nil, p.expected("]")
	}
	return s, nil
}

// keys reads a key, a union of keys or a slice.
func (p *parser) keys() (selector, error) {
	if p.peek() == ':' {
		return p.slice(0)
	}
	first, err := p.key()
	if err != nil {
		return nil, err
	}
	p.blanks()
	if first.indexes && p.peek() == ':' {
		return p.slice(first.index)
	}
	if p.peek() != ',' {
		return first, nil
	}
	keys := union{first}
	for p.take(",") {
		p.blanks()
		k, err := p.key()
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
		p.blanks()
	}
	return keys, nil
}

func (p *parser) key() (key, error) {
	switch c := p.peek(); {
	case c == '"' || c == '\'':
		s, err := p.quoted()
		return key{name: s}, err
	case c == '-' || isDigit(c):
		n, err := p.integer()
		return key{name: strconv.Itoa(n), index: n, indexes: true}, err
	}
	if name := p.name(); name != "" {
		return key{name: name}, nil
	}
	return key{}, p.expected("an index, a key in quotes, *, a slice or ?")
}

// everything is a bound of slices behind all elements.
const everything = 1<<31 - 1

// slice reads what follows the lower bound.
func (p *parser) slice(low int) (selector, error) {
	s := slice{low: low, high: everything, step: 1}
	for _, part := range []*int{&s.high, &s.step} {
		if p.blanks(); !p.take(":") {
			break
		}
		p.blanks()
		if c := p.peek(); c == '-' || isDigit(c) {
			n, err := p.integer()
			if err != nil {
				return nil, err
			}
			*part = n
		}
	}
	if s.step == 0 {
		return nil, fmt.Errorf("the step of a slice cannot be 0")
	}
	return s, nil
}

func (p *parser) integer() (int, error) {
	start := p.at
	p.take("-")
	for isDigit(p.peek()) {
		p.at++
	}
	n, err := strconv.ParseInt(p.text[start:p.at], 10, 32)
	if err != nil {
		p.at = start
		return 0, p.expected("an integer of at most 32 bits")
	}
	return int(n), nil
}

// name reads letters, digits and _, and begins with no digit.
func (p *parser) name() string {
	start := p.at
	for i, r := range p.text[start:] {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			break
		}
		p.at = start + i + utf8.RuneLen(r)
	}
	return p.text[start:p.at]
}

func (p *parser) blanks() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// take reads s if it stands here.
func (p *parser) take(s string) bool {
	if !strings.HasPrefix(p.text[p.at:], s) {
		return false
	}
	p.at += len(s)
	return true
}

// peek is the next byte, 0 at the end.
func (p *parser) peek() byte {
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

func (p *parser) expected(what string) error {
	if p.at == len(p.text) {
		return fmt.Errorf("expected %s, found the end", what)
	}
	r, _ := utf8.DecodeRuneInString(p.text[p.at:])
	return fmt.Errorf("expected %s, found %q", what, r)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
