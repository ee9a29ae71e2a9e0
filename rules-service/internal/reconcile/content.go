package reconcile

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"sluice/rules-service/internal/definition"
	"sluice/rules-service/internal/rule"
)

// content is what a file says.
type content struct {
	kind     Kind
	set      *definition.Set
	commands []command
}

const byteOrderMark = "\ufeff"

// parse reads the text of a file.
func parse(name, text string) (*content, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("it is not UTF-8")
	}
	text = strings.TrimPrefix(text, byteOrderMark)
	if strings.HasSuffix(strings.ToLower(name), ".sql") {
		set, err := definition.Read(name, text)
		return &content{kind: Definitions, set: set}, err
	}
	documents, err := definition.Documents(name, text)
	if err != nil {
		return nil, err
	}
	if len(documents) == 1 && holdsCommands(&documents[0]) {
		commands, err := readCommands(&documents[0])
		return &content{kind: Commands, commands: commands}, err
	}
	set, err := definition.ReadDocuments(name, documents)
	return &content{kind: Definitions, set: set}, err
}

func holdsCommands(d *definition.Document) bool {
	var keys map[string]json.RawMessage
	if json.Unmarshal([]byte(d.Text), &keys) != nil {
		return false
	}
	_, ok := keys["commands"]
	return ok
}

// brings are the definitions that are there when the file is applied.
func (c *content) brings() []claim {
	if c.kind == Commands {
		return bringsOf(c.commands)
	}
	var list []claim
	for i := range c.set.Streams {
		list = append(list, claimOf(&c.set.Streams[i].Statement))
	}
	for i := range c.set.Rules {
		list = append(list, claim{rule.RuleKind, c.set.Rules[i].ID})
	}
	return list
}

// problemsOf takes an error apart.
func problemsOf(err error) []Problem {
	var located *located
	if errors.As(err, &located) {
		return []Problem{{Place: located.at, Message: located.err.Error()}}
	}
	var e *definition.Error
	if errors.As(err, &e) {
		return []Problem{{Place: e.Place, Message: e.Message}}
	}
	return []Problem{{Message: err.Error()}}
}

// located is an error with its place in the file.
type located struct {
	at  definition.Place
	err error
}

func (e *located) Error() string { return e.err.Error() }
func (e *located) Unwrap() error { return e.err }
