package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

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

// ruleText is the JSON of a rule and where it stands.
type ruleText struct{ file, id, text string }

// readFiles reads all files. It goes on after an error, and returns all of
// them.
func readFiles(files []string) (*definitions, []error) {
	var d definitions
	var errs []error
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err == nil {
			err = d.add(file, strings.TrimPrefix(string(b), byteOrderMark))
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	return &d, append(errs, d.twice()...)
}

// byteOrderMark begins texts that some editors write.
const byteOrderMark = "\ufeff"

// twice finds names that are defined more than once: only the last would count.
func (d *definitions) twice() (errs []error) {
	first := map[string]string{}
	note := func(what, file string) {
		if before, ok := first[what]; ok {
			errs = append(errs, fmt.Errorf("%s: %s is defined in %s already", file, what, before))
			return
		}
		first[what] = file
	}
	for _, st := range d.streams {
		note("stream "+st.statement.Name, st.file)
	}
	for _, r := range d.rules {
		note("rule "+r.id, r.file)
	}
	return errs
}

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
	if strings.EqualFold(filepath.Ext(file), ".sql") {
		return d.addStatements(file, text)
	}
	switch first := strings.TrimSpace(text); {
	case strings.HasPrefix(first, "["):
		return d.addRules(file, text)
	case strings.HasPrefix(first, "{"):
		return d.addObject(file, text)
	}
	return fmt.Errorf("%s: neither a .sql file nor JSON", file)
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

func (d *definitions) addRules(file, text string) error {
	var list []json.RawMessage
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	for _, raw := range list {
		if err := d.addRule(file, string(raw)); err != nil {
			return err
		}
	}
	return nil
}

// addObject reads a rule, or a ruleset: the one has actions, the other not.
func (d *definitions) addObject(file, text string) error {
	var set struct {
		ID      any
		Actions any
		Streams map[string]string
		Tables  map[string]string
		Rules   map[string]string
	}
	if err := json.Unmarshal([]byte(text), &set); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if set.Streams == nil && set.Tables == nil && set.Rules == nil {
		return d.addRule(file, text)
	}
	for _, group := range []map[string]string{set.Streams, set.Tables} {
		for _, name := range sorted(group) {
			if err := d.addStream(file, group[name]); err != nil {
				return err
			}
		}
	}
	for _, id := range sorted(set.Rules) {
		if err := d.addRule(file, set.Rules[id]); err != nil {
			return err
		}
	}
	return nil
}

func (d *definitions) addRule(file, text string) error {
	var r struct{ ID string }
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return fmt.Errorf("%s: rule: %w", file, err)
	}
	if r.ID == "" {
		return fmt.Errorf("%s: a rule has no id", file)
	}
	d.rules = append(d.rules, ruleText{file, r.ID, text})
	return nil
}

func sorted(m map[string]string) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
