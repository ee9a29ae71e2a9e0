package syntax

import (
	"fmt"
	"strings"

	"sluice/sqlengine/diag"
)

// parser reads tokens one ahead. After the first error it sees only the end,
// so that every loop stops by itself.
type parser struct {
	lex   lexer
	tok   token
	prev  diag.Span // of the token before tok
	depth int
	used  int // operators so far
	err   *diag.Error
}

// These bound the nesting of expressions, and with the number of operators in a
// text the depth of their trees, so that no text exhausts the stack.
const (
	maxDepth     = 300
	maxOperators = 10_000
)

func newParser(text string) *parser {
	p := &parser{lex: lexer{text: text}}
	p.advance()
	return p
}

func (p *parser) advance() {
	p.prev = p.tok.span
	p.tok = p.lex.next()
	if p.err == nil {
		p.err = p.lex.err
	}
}

func (p *parser) fail(span diag.Span, hint, format string, args ...any) {
	if p.err == nil {
		p.err = &diag.Error{Code: diag.Syntax, Span: span, Message: fmt.Sprintf(format, args...), Hint: hint}
	}
	p.lex.pos = len(p.lex.text)
	p.tok = p.lex.end()
}

// expected fails at the token that stands where wanted should stand.
func (p *parser) expected(wanted string) {
	p.fail(p.tok.span, "", "expected %s, found %s", wanted, p.tok.shown())
}

// expectedName is expected where a name could stand: a reserved word there
// was most likely meant as one.
func (p *parser) expectedName(wanted string) {
	hint := ""
	if p.tok.kind == tokenKeyword {
		hint = fmt.Sprintf("%s is a reserved word; as a name it must stand in backticks: `%s`.", p.tok.text, p.written(p.tok))
	}
	p.fail(p.tok.span, hint, "expected %s, found %s", wanted, p.tok.shown())
}

// written is the token as it stands in the text.
func (p *parser) written(t token) string { return p.lex.text[t.span.Start:t.span.End] }

// accept takes the token when it is that keyword or symbol.
func (p *parser) accept(text string) bool {
	if !p.tok.is(text) {
		return false
	}
	p.advance()
	return true
}

// acceptWord takes the token when it is that word, reserved or not.
func (p *parser) acceptWord(word string) bool {
	if !p.tok.word(word) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expect(text string) {
	if !p.accept(text) {
		p.expected(text)
	}
}

func (p *parser) ident(what string) Ident {
	if p.tok.kind != tokenName {
		p.expectedName(what)
		return Ident{}
	}
	id := Ident{Pos{p.tok.span}, p.tok.text}
	p.advance()
	return id
}

// since is the position from start to the last token taken.
func (p *parser) since(start int) Pos {
	return Pos{diag.Span{Start: start, End: max(start, p.prev.End)}}
}

// strayHint is about a word that stands where one of some clauses could begin:
// a misspelt keyword, or an alias without its AS.
func (p *parser) strayHint(clauses ...string) string {
	if p.tok.kind != tokenName || p.tok.quoted {
		return ""
	}
	if near := diag.Nearest(p.tok.text, clauses); near != "" {
		return "Did you mean " + near + "?"
	}
	return "An alias is written with AS."
}

// finish demands the end of the statement.
func (p *parser) finish() error {
	ended := p.accept(";")
	if p.tok.kind != tokenEnd {
		p.unexpected(ended)
	}
	if p.err != nil {
		return diag.List{p.err}.Err()
	}
	return nil
}

// strangers are words of other dialects that may stand where a clause ends.
var strangers = map[string]string{
	"UNION":  "Write two rules.",
	"OFFSET": "There is no OFFSET; LIMIT keeps the first rows of a window.",
	"JOIN":   "Write INNER JOIN, LEFT JOIN, RIGHT JOIN, FULL JOIN or CROSS JOIN.",
}

func (p *parser) unexpected(ended bool) {
	if ended {
		p.fail(p.tok.span, "Write one statement a rule.", "a second statement is not allowed")
		return
	}
	if hint, ok := strangers[strings.ToUpper(p.tok.text)]; ok && p.tok.kind != tokenString {
		p.fail(p.tok.span, hint, "unexpected %s", strings.ToUpper(p.tok.text))
		return
	}
	p.fail(p.tok.span, p.strayHint("FROM", "INNER", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT"), "unexpected %s", p.tok.shown())
}
