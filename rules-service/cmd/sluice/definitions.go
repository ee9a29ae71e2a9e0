package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"sluice/rules-service/internal/definition"
	"sluice/rules-service/internal/rule"
	"sluice/sqlengine"
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
	read, err := definition.Read(file, text)
	if err != nil {
		return err
	}
	for i := range read.Streams {
		d.streams = append(d.streams, streamText{file, read.Streams[i].SQL, read.Streams[i].Statement})
	}
	for i := range read.Rules {
		d.rules = append(d.rules, ruleText{file, read.Rules[i].ID, read.Rules[i].Text})
	}
	return nil
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
