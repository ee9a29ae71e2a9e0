package rule

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"sluice/sqlengine"
)

// Definition is a rule as its JSON says it.
type Definition struct {
	ID        string
	Name      string // shown name; the id when none was given
	Version   string
	Triggered bool // whether the rule is wanted to run
	Temp      bool // the rule is not stored
	Tags      []string
	SQL       string
	Actions   []Action
	Options   Options
	Defaults  *Defaults // that went into the options; nil: there were none

	// Of a graph: the streams that it defines itself, by the names that SQL has
	// for them, and the column that tells the rows of each action.
	streams map[string]*sqlengine.Stream
	routes  []string
}

// Action names a sink and its properties.
type Action struct {
	Index int // position in "actions"
	Type  string
	Props map[string]any // nil: none
}

var validID = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// ParseDefinition reads the JSON of a rule. What has no effect, such as a
// misspelt key, is a warning; what is wrong, or would change results in a way
// that is not supported, is an error.
func ParseDefinition(text string) (*Definition, []string, error) { return parseDefinition(text, nil) }

func parseDefinition(text string, defaults *Defaults) (*Definition, []string, error) {
	if err := checkJSON(text); err != nil {
		return nil, nil, err
	}
	var note notes
	o := newObject("", json.RawMessage(text), &note)
	if len(note.errs) > 0 {
		return nil, nil, &Malformed{[]string{"rule" + note.errs[0]}}
	}
	d := readDefinition(o, defaults)
	if len(note.errs) > 0 {
		return nil, note.warnings, &Malformed{note.errs}
	}
	return d, note.warnings, nil
}

// checkJSON says where a text stops being JSON.
func checkJSON(text string) error {
	var syntax *json.SyntaxError
	err := json.Unmarshal([]byte(text), new(json.RawMessage))
	if errors.As(err, &syntax) {
		before := text[:min(int(syntax.Offset), len(text))]
		line := 1 + strings.Count(before, "\n")
		return fmt.Errorf("rule is not JSON: line %d, column %d: %w", line, len(before)-strings.LastIndexByte(before, '\n')-1, err)
	}
	if err != nil {
		return fmt.Errorf("rule is not JSON: %w", err)
	}
	return nil
}

func readDefinition(o *object, defaults *Defaults) *Definition {
	d := &Definition{
		ID:        o.text("id"),
		Name:      o.text("name"),
		Version:   o.text("version"),
		Triggered: o.boolean("triggered", true),
		Temp:      o.boolean("temp", false),
		Tags:      o.texts("tags"),
		SQL:       o.text("sql"),
		Defaults:  defaults,
	}
	switch {
	case d.ID == "":
		o.note.fail(`id is missing; give the rule one, such as "id": "rule1"`)
	case !validID.MatchString(d.ID):
		o.note.fail("id %q may only have letters, digits, _ and -", d.ID)
	}
	if d.Name == "" {
		d.Name = d.ID
	}
	if drawing, ok := o.take("graph"); ok {
		d.draw(o, drawing)
	} else {
		if strings.TrimSpace(d.SQL) == "" {
			o.note.fail("sql is missing; a rule needs a SELECT statement")
		}
		d.Actions = readActions(o)
	}
	d.Options = readOptions(defaults.under(o.child("options")))
	o.warnUnknown()
	return d
}

// draw takes query and actions from a graph.
func (d *Definition) draw(o *object, drawing json.RawMessage) {
	if d.SQL != "" || o.has("actions") {
		o.note.fail("a rule has either sql with actions, or a graph")
		return
	}
	out, err := translateGraph(d.ID, drawing)
	if err != nil {
		o.note.fail("%v", err)
		return
	}
	d.SQL, d.Actions, d.streams, d.routes = out.sql, out.actions, out.streams, out.routes
}

// readActions reads the list of sinks. An action with several keys stands for
// several sinks.
func readActions(o *object) []Action {
	raw, ok := o.take("actions")
	if !ok {
		o.note.fail(`actions are missing; a rule needs at least one, such as {"log": {}}`)
		return nil
	}
	var list []map[string]map[string]any
	if err := json.Unmarshal(raw, &list); err != nil {
		o.note.fail(`actions must be a list such as [{"log": {}}], each with the properties of a sink`)
		return nil
	}
	if len(list) == 0 {
		o.note.fail(`actions are empty; a rule needs at least one, such as {"log": {}}`)
	}
	var actions []Action
	for i, entry := range list {
		if len(entry) == 0 {
			o.note.fail(`actions[%d] names no sink; write it as {"log": {}}`, i)
		}
		for _, name := range sortedKeys(entry) {
			a := Action{Index: i, Type: name}
			if len(entry[name]) > 0 {
				a.Props = entry[name]
			}
			actions = append(actions, a)
		}
	}
	return actions
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
