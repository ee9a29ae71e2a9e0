package definition

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sluice/sqlengine"
	"sluice/sqlengine/diag"
)

// reader reads the documents of a file.
type reader struct {
	file     string
	document *Document
	set      Set
}

func readStatements(file, text string) (*Set, error) {
	r, at := reader{file: file}, newLines(text)
	for offset, sql := range sqlengine.Statements(text) {
		if err := r.addStream(Stream{Place: at.place(offset), SQL: sql, plain: true}); err != nil {
			return nil, err
		}
	}
	return r.set.filled(file)
}

func (r *reader) addStream(s Stream) error {
	st, err := sqlengine.ParseStatement(s.SQL)
	if findings := diag.List(nil); errors.As(err, &findings) {
		line, column := findings[0].Position(s.SQL)
		return &Error{r.file, s.At(line, column), messageOf(findings[0]), "stream:\n" + findings.Render(s.SQL)}
	}
	if err != nil {
		return fault(r.file, s.Place, fmt.Errorf("stream: %w", err))
	}
	if st.Verb != sqlengine.Create {
		return fault(r.file, s.Place, fmt.Errorf("%s is no definition; only CREATE STREAM and CREATE TABLE can be applied", st.Verb))
	}
	s.Statement = st
	r.set.Streams = append(r.set.Streams, s)
	return nil
}

func messageOf(f *diag.Error) string {
	if f.Hint == "" {
		return f.Message
	}
	return f.Message + "; " + f.Hint
}

// read reads a list of rules, a rule, or a ruleset.
func (r *reader) read() error {
	var list []json.RawMessage
	if json.Unmarshal([]byte(r.document.Text), &list) == nil {
		for i, raw := range list {
			if err := r.addRule("", raw, r.document.At(strconv.Itoa(i))); err != nil {
				return err
			}
		}
		return nil
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal([]byte(r.document.Text), &keys); err != nil {
		return r.fault(r.document.At(), "neither a rule nor a list of rules nor a ruleset")
	}
	if isRuleset(keys) {
		return r.addRuleset(keys)
	}
	return r.addRule("", json.RawMessage(r.document.Text), r.document.At())
}

func (r *reader) fault(at Place, format string, args ...any) error {
	return fault(r.file, at, fmt.Errorf(format, args...))
}

// isRuleset tells a ruleset from a rule, which has none of these keys.
func isRuleset(keys map[string]json.RawMessage) bool {
	for _, group := range []string{"streams", "tables", "rules"} {
		if _, ok := keys[group]; ok {
			return true
		}
	}
	return false
}

// addRuleset reads a ruleset, or an export of all data that has only streams
// and rules in it.
func (r *reader) addRuleset(keys map[string]json.RawMessage) error {
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		var group map[string]json.RawMessage
		if err := json.Unmarshal(keys[key], &group); err != nil {
			return r.fault(r.document.At(key), "%s must be an object of names and definitions", key)
		}
		add := r.addStreamOf
		switch {
		case key == "rules":
			add = r.addRule
		case key != "streams" && key != "tables" && len(group) > 0:
			return r.fault(r.document.At(key), "%s cannot be applied; take the file in with: sluice import data -f %s", key, r.file)
		}
		for _, name := range slices.Sorted(maps.Keys(group)) {
			if err := add(name, group[name], r.document.At(key, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// addStreamOf reads a stream of a ruleset: SQL, or an object that holds it.
func (r *reader) addStreamOf(name string, raw json.RawMessage, at Place) error {
	var object struct{ SQL string }
	if json.Unmarshal(raw, &object.SQL) != nil && json.Unmarshal(raw, &object) != nil {
		return r.fault(at, `%s: a stream is SQL, or {"sql": "CREATE STREAM …"}`, name)
	}
	return r.addStream(Stream{Place: at, SQL: object.SQL})
}

// addRule reads a rule of a ruleset, where it has a name, or of a list.
func (r *reader) addRule(name string, raw json.RawMessage, at Place) error {
	rule, err := ReadRule(name, raw)
	if err != nil {
		return fault(r.file, at, err)
	}
	rule.Place = at
	r.set.Rules = append(r.set.Rules, rule)
	return nil
}

// ReadRule reads a rule: an object, or the text of one. A name that is given
// stands for the id that it has not, or must be equal to it.
func ReadRule(name string, raw json.RawMessage) (Rule, error) {
	var text string
	if !isText(raw) || json.Unmarshal(raw, &text) != nil {
		text = string(raw)
	} else if err := CheckJSON(text); err != nil {
		return Rule{}, fmt.Errorf("rule %s: %w", name, err)
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &keys); err != nil || keys == nil {
		return Rule{}, errors.New("a rule must be a JSON object")
	}
	var r struct{ ID string }
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return Rule{}, fmt.Errorf("rule %s: %w", name, err)
	}
	switch {
	case r.ID == "" && name == "":
		return Rule{}, errors.New("a rule has no id")
	case r.ID == "":
		r.ID, text = name, withID(name, keys)
	case name != "" && name != r.ID:
		return Rule{}, fmt.Errorf("rule %s has the id %s; both must be equal", name, r.ID)
	}
	return Rule{ID: r.ID, Text: text}, nil
}

// withID is a rule with its name as its id.
func withID(name string, keys map[string]json.RawMessage) string {
	maps.DeleteFunc(keys, func(key string, _ json.RawMessage) bool { return strings.EqualFold(key, "id") })
	id, _ := json.Marshal(name) // a text can always be marshalled
	keys["id"] = id
	text, _ := json.Marshal(keys) // so can parts of JSON
	return string(text)
}
