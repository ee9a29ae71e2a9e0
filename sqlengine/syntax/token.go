// Package syntax reads the SQL dialect: text becomes a tree whose nodes know
// where they stand, and a tree prints as text that reads back as the same tree.
package syntax

import (
	"strings"

	"sluice/sqlengine/diag"
)

// tokenKind is the class of a token.
type tokenKind uint8

const (
	tokenEnd     tokenKind = iota
	tokenName              // identifier, without its backticks
	tokenKeyword           // reserved word, in capitals
	tokenInt
	tokenFloat
	tokenString // text, escapes resolved
	tokenParam  // $name, without the $
	tokenSymbol // operator or punctuation
)

type token struct {
	kind   tokenKind
	text   string
	quoted bool // a name in backticks
	span   diag.Span
}

// is tells whether the token is that keyword or symbol.
func (t token) is(text string) bool {
	return (t.kind == tokenKeyword || t.kind == tokenSymbol) && t.text == text
}

// word tells whether the token is that word, reserved or not.
func (t token) word(word string) bool {
	return (t.kind == tokenName && !t.quoted || t.kind == tokenKeyword) && strings.EqualFold(t.text, word)
}

// shown is the token as an error message shows it.
func (t token) shown() string {
	switch t.kind {
	case tokenEnd:
		return "the end"
	case tokenString:
		return "a text"
	case tokenName:
		return `"` + t.text + `"`
	case tokenParam:
		return "$" + t.text
	}
	return t.text
}

var keywords = keywordSet()

func keywordSet() map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(`SELECT AS FROM WHERE AND OR GROUP HAVING ORDER BY DESC ASC FILTER
		INNER LEFT RIGHT FULL CROSS JOIN ON CASE WHEN THEN DEFAULT ELSE END IN NOT BETWEEN LIKE OVER
		PARTITION REPLACE EXCEPT INVISIBLE TRUE FALSE LIMIT DD HH MI SS MS`) {
		set[word] = true
	}
	return set
}

// Reserved tells whether a name must stand in backticks because it is a word
// of the language.
func Reserved(name string) bool { return keywords[strings.ToUpper(name)] }
