// Package definition reads the files that define streams, tables and rules:
// statements (*.sql), and rules, lists of rules and rulesets (*.json, *.yaml).
package definition

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"sluice/sqlengine"
)

// StandardInput is the name of the file that is no file: its text tells what it
// holds.
const StandardInput = "-"

// Endings are those of the names of files with definitions.
var Endings = []string{".sql", ".json", ".yaml", ".yml"}

// IsDefinition tells files with definitions by their names.
func IsDefinition(file string) bool { return slices.Contains(Endings, ending(file)) }

// IsYAML tells YAML files by their names.
func IsYAML(file string) bool { return slices.Contains(Endings[2:], ending(file)) }

func ending(file string) string { return strings.ToLower(filepath.Ext(file)) }

// Stream is a CREATE statement and where it stands.
type Stream struct {
	Place
	SQL       string
	Statement sqlengine.Statement

	plain bool // the text of the file is the statement's
}

// At is where a position in the statement is in the file. In JSON and YAML, where
// the statement is a value with escapes, it is that of the value.
func (s *Stream) At(line, column int) Place {
	switch {
	case !s.plain || line == 0:
		return s.Place
	case line == 1:
		return Place{s.Line, s.Column + column - 1}
	}
	return Place{s.Line + line - 1, column}
}

// Rule is the JSON of a rule and where it stands.
type Rule struct {
	Place
	ID, Text string
}

// Set is what a file defines.
type Set struct {
	Streams []Stream // and tables
	Rules   []Rule
}

// Read reads a file. The error is an Error.
func Read(file, text string) (*Set, error) {
	if ending(file) == ".sql" || file == StandardInput && !structured(text) {
		return readStatements(file, text)
	}
	documents, err := Documents(file, text)
	if err != nil {
		return nil, err
	}
	return ReadDocuments(file, documents)
}

func structured(text string) bool {
	text = strings.TrimSpace(text)
	return strings.HasPrefix(text, "[") || strings.HasPrefix(text, "{")
}

// Documents are the JSON of a file, or that of each document of YAML.
func Documents(file, text string) ([]Document, error) {
	switch {
	case IsYAML(file):
		documents, err := yamlDocuments(text)
		if err != nil {
			return nil, fault(file, placeInYAML(err), err)
		}
		return documents, nil
	case structured(text):
		if err := CheckJSON(text); err != nil {
			return nil, fault(file, placeInJSON(text, err), err)
		}
		return []Document{{text, jsonPlaces(text)}}, nil
	}
	return nil, fault(file, Place{1, 1}, fmt.Errorf("neither SQL (*.sql) nor YAML (*.yaml) nor JSON"))
}

// ReadDocuments reads rules, lists of rules and rulesets.
func ReadDocuments(file string, documents []Document) (*Set, error) {
	r := reader{file: file}
	for i := range documents {
		r.document = &documents[i]
		if err := r.read(); err != nil {
			return nil, err
		}
	}
	return r.set.filled(file)
}

// filled refuses a set of nothing: so a file that is being written, or was
// emptied by accident, is not taken for one that defines nothing any more.
func (s *Set) filled(file string) (*Set, error) {
	if len(s.Streams)+len(s.Rules) == 0 {
		return nil, fault(file, Place{1, 1}, fmt.Errorf("no stream and no rule is in it"))
	}
	return s, nil
}
