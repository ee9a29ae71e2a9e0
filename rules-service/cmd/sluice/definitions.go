package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"sluice/rules-service/internal/rule"
	"sluice/sqlengine"
	"sluice/sqlengine/diag"
)

// definitions are the streams and rules of files.
type definitions struct {
	streams []streamText
	rules   []ruleText
}

// streamText is a CREATE statement and where it stands.
type streamText struct {
	file, sql string
	statement sqlengine.Statement
}

// kind is what the statement creates.
func (s *streamText) kind() string {
	if s.statement.Table {
		return "table"
	}
	return "stream"
}

// ruleText is the JSON of a rule and where it stands.
type ruleText struct{ file, id, text string }

// twice finds names that are defined more than once: only the last would count.
func (d *definitions) twice() (errs []error) {
	first := map[string]string{}
	note := func(kind, name, file string) {
		before, ok := first[kind+name]
		if !ok {
			first[kind+name] = file
			return
		}
		errs = append(errs, fmt.Errorf("%s: %s %s is defined in %s already", file, kind, name, before))
	}
	for _, st := range d.streams {
		note("stream", st.statement.Name, st.file) // streams and tables share their names
	}
	for _, r := range d.rules {
		note("rule", r.id, r.file)
	}
	return errs
}

// place is where a definition stands, and its SQL.
type place struct{ file, sql string }

// places are those of all definitions by their kind and name.
func (d *definitions) places() map[string]place {
	places := make(map[string]place, len(d.streams)+len(d.rules))
	for i := range d.streams {
		st := &d.streams[i]
		places[st.kind()+" "+st.statement.Name] = place{st.file, st.sql}
	}
	for i := range d.rules {
		r := &d.rules[i]
		places["rule "+r.id] = place{r.file, r.sql()}
	}
	return places
}

// sql is the query of a rule, also of one that was drawn as a graph.
func (r *ruleText) sql() string {
	var keys struct{ SQL string }
	_ = json.Unmarshal([]byte(r.text), &keys) // a rule without has none to show
	if keys.SQL != "" {
		return keys.SQL
	}
	def, _, err := rule.ParseDefinition(r.text)
	if err != nil {
		return ""
	}
	return def.SQL
}

// add reads the text of a file.
func (d *definitions) add(file, text string) error {
	before := len(d.streams) + len(d.rules)
	if err := d.addText(file, text); err != nil {
		return err
	}
	if len(d.streams)+len(d.rules) == before {
		return fmt.Errorf("%s: no stream and no rule is in it", file)
	}
	return nil
}

func (d *definitions) addText(file, text string) error {
	switch strings.ToLower(filepath.Ext(file)) {
	case ".sql":
		return d.addStatements(file, text)
	case ".yaml", ".yml":
		return d.addYAML(file, text)
	}
	switch first := strings.TrimSpace(text); {
	case strings.HasPrefix(first, "[") || strings.HasPrefix(first, "{"):
		return d.addJSON(file, first)
	case file == standardInput:
		return d.addStatements(file, text)
	}
	return fmt.Errorf("%s: neither SQL (*.sql) nor YAML (*.yaml) nor JSON", file)
}

func (d *definitions) addStatements(file, text string) error {
	for _, sql := range sqlengine.Statements(text) {
		if err := d.addStream(file, sql); err != nil {
			return err
		}
	}
	return nil
}

func (d *definitions) addStream(file, sql string) error {
	st, err := sqlengine.ParseStatement(sql)
	if findings := diag.List(nil); errors.As(err, &findings) {
		return fmt.Errorf("%s: stream:\n%s", file, findings.Render(sql))
	}
	if err != nil {
		return fmt.Errorf("%s: stream: %w", file, err)
	}
	if st.Verb != sqlengine.Create {
		return fmt.Errorf("%s: %s is no definition; only CREATE STREAM and CREATE TABLE can be applied", file, st.Verb)
	}
	d.streams = append(d.streams, streamText{file, sql, st})
	return nil
}

func (d *definitions) addYAML(file, text string) error {
	documents, err := jsonOf(text)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	for _, doc := range documents {
		if err := d.addJSON(file, doc); err != nil {
			return err
		}
	}
	return nil
}

// addJSON reads a list of rules, a rule, or a ruleset.
func (d *definitions) addJSON(file, text string) error {
	if err := checkJSON(text); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	var list []json.RawMessage
	if json.Unmarshal([]byte(text), &list) == nil {
		for _, raw := range list {
			if err := d.addRule(file, "", raw); err != nil {
				return err
			}
		}
		return nil
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &keys); err != nil {
		return fmt.Errorf("%s: neither a rule nor a list of rules nor a ruleset", file)
	}
	if isRuleset(keys) {
		return d.addRuleset(file, keys)
	}
	return d.addRule(file, "", json.RawMessage(text))
}

// checkJSON says where a text stops being JSON.
func checkJSON(text string) error {
	var syntax *json.SyntaxError
	err := json.Unmarshal([]byte(text), new(json.RawMessage))
	if errors.As(err, &syntax) {
		before := text[:min(int(syntax.Offset), len(text))]
		line := 1 + strings.Count(before, "\n")
		return fmt.Errorf("%d:%d: not JSON: %w", line, len(before)-strings.LastIndexByte(before, '\n')-1, err)
	}
	return err
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
func (d *definitions) addRuleset(file string, keys map[string]json.RawMessage) error {
	for _, key := range sorted(keys) {
		var group map[string]json.RawMessage
		if err := json.Unmarshal(keys[key], &group); err != nil {
			return fmt.Errorf("%s: %s must be an object of names and definitions", file, key)
		}
		add := d.addStreamOf
		switch {
		case key == "rules":
			add = d.addRule
		case key != "streams" && key != "tables" && len(group) > 0:
			return fmt.Errorf("%s: %s cannot be applied; take the file in with: sluice import data -f %s", file, key, file)
		}
		for _, name := range sorted(group) {
			if err := add(file, name, group[name]); err != nil {
				return err
			}
		}
	}
	return nil
}

// addStreamOf reads a stream of a ruleset: SQL, or an object that holds it.
func (d *definitions) addStreamOf(file, name string, raw json.RawMessage) error {
	var object struct{ SQL string }
	if json.Unmarshal(raw, &object.SQL) != nil && json.Unmarshal(raw, &object) != nil {
		return fmt.Errorf(`%s: %s: a stream is SQL, or {"sql": "CREATE STREAM …"}`, file, name)
	}
	return d.addStream(file, object.SQL)
}

// addRule reads a rule: an object, or the text of one. In a ruleset it has a
// name beside its own id.
func (d *definitions) addRule(file, name string, raw json.RawMessage) error {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		text = string(raw)
	} else if err := checkJSON(text); err != nil {
		return fmt.Errorf("%s: rule %s: %w", file, name, err)
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &keys); err != nil {
		return fmt.Errorf("%s: a rule must be a JSON object", file)
	}
	var r struct{ ID string }
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return fmt.Errorf("%s: rule %s: %w", file, name, err)
	}
	switch {
	case r.ID == "" && name == "":
		return fmt.Errorf("%s: a rule has no id", file)
	case r.ID == "":
		r.ID, text = name, withID(name, keys)
	case name != "" && name != r.ID:
		return fmt.Errorf("%s: rule %s has the id %s; both must be equal", file, name, r.ID)
	}
	d.rules = append(d.rules, ruleText{file, r.ID, text})
	return nil
}

// withID is a rule with its name as its id.
func withID(name string, keys map[string]json.RawMessage) string {
	maps.DeleteFunc(keys, func(key string, _ json.RawMessage) bool { return strings.EqualFold(key, "id") })
	id, _ := json.Marshal(name) // a text can always be marshalled
	keys["id"] = id
	text, _ := json.Marshal(keys) // so can parts of JSON
	return string(text)
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
