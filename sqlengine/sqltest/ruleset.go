package sqltest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ruleset is a file with the definitions of a plant, as the rules service
// imports and exports it: statements and rules are texts inside its JSON.
type ruleset struct {
	Streams, Tables, Rules map[string]string
}

// parseRuleset reads a ruleset; false: the text is something else.
func parseRuleset(src source) (set ruleset, ok bool, err error) {
	if !strings.HasPrefix(strings.TrimSpace(src.text), "{") {
		return set, false, nil
	}
	var keys struct{ Streams, Tables, Rules json.RawMessage }
	if err := json.Unmarshal([]byte(src.text), &keys); err != nil {
		return set, false, src.wrap(jsonOffset(err), err)
	}
	if keys.Streams == nil && keys.Tables == nil && keys.Rules == nil {
		return set, false, nil
	}
	if err := json.Unmarshal([]byte(src.text), &set); err != nil {
		return set, false, src.wrap(jsonOffset(err), err)
	}
	return set, true, nil
}

// definitions are the texts with statements that a source holds: itself, or
// those of a ruleset.
func definitions(src source) ([]source, error) {
	set, ok, err := parseRuleset(src)
	if err != nil {
		return nil, err
	}
	if !ok {
		return []source{src}, nil
	}
	var list []source
	for _, group := range []map[string]string{set.Streams, set.Tables} {
		for _, name := range slices.Sorted(maps.Keys(group)) {
			list = append(list, source{file: src.file + ": " + name, line: 1, text: group[name]})
		}
	}
	return list, nil
}

// ruleText is the JSON of the rule that a source means: itself, or the one of
// that id in a list or a ruleset.
func ruleText(src source) (source, error) {
	rules, err := rulesOf(src)
	if err != nil || rules == nil {
		return src, err
	}
	ids := slices.Sorted(maps.Keys(rules))
	if src.rule == "" {
		return src, src.wrap(0, fmt.Errorf("there are several rules; write file PATH rule ID with one of %q", ids))
	}
	text, ok := rules[src.rule]
	if !ok {
		return src, src.wrap(0, unknown("rule", src.rule, ids))
	}
	return source{file: src.file + ": " + src.rule, line: 1, text: text}, nil
}

// rulesOf are the rules of a list or a ruleset by their ids; nil: the source
// is a single rule.
func rulesOf(src source) (map[string]string, error) {
	if !strings.HasPrefix(strings.TrimSpace(src.text), "[") {
		set, ok, err := parseRuleset(src)
		if ok && set.Rules == nil {
			err = src.wrap(0, errors.New("the ruleset has no rules"))
		}
		return set.Rules, err
	}
	var list []json.RawMessage
	if err := json.Unmarshal([]byte(src.text), &list); err != nil {
		return nil, src.wrap(jsonOffset(err), err)
	}
	rules := map[string]string{}
	for _, text := range list {
		var r struct{ ID string }
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, src.wrap(0, err)
		}
		rules[r.ID] = string(text)
	}
	return rules, nil
}
