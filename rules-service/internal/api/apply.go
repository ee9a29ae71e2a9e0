package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"sluice/rules-service/internal/rule"
)

// maxSet bounds the body of a request with many definitions: tens of thousands
// of rules.
const maxSet = 64 << 20

func (a *API) routeApply(mux *routes) {
	mux.Handle("POST /apply", handle(codeUndefined, a.apply))
}

// apply takes streams, tables and rules: all of them, or none.
func (a *API) apply(w http.ResponseWriter, r *http.Request) error {
	set, err := readSet(json.NewDecoder(r.Body))
	if err != nil {
		return err
	}
	if err := a.unmaskSet(set); err != nil {
		return err
	}
	changes, err := a.Rules.Apply(set)
	var rejected *rule.Rejected
	if errors.As(err, &rejected) {
		return reject(w, rejected)
	}
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, struct {
		Changes []rule.Change `json:"changes"`
	}{changes})
	return nil
}

// reject answers with all that is wrong with definitions.
func reject(w http.ResponseWriter, e *rule.Rejected) error {
	writeJSON(w, http.StatusBadRequest, struct {
		failure
		Findings []rule.Finding `json:"findings"`
	}{failure{Error: codeUndefined, Message: e.Error()}, e.Findings})
	return nil
}

// readSet reads a set of definitions piece by piece.
func readSet(d *json.Decoder) (set rule.Set, err error) {
	err = eachKey(d, "the body", func(key string) error {
		switch key {
		case "streams":
			set.Streams, err = readTexts(d, key, statementText)
		case "tables":
			set.Tables, err = readTexts(d, key, statementText)
		case "rules":
			set.Rules, err = readTexts(d, key, ruleText)
		case "prune":
			err = d.Decode(&set.Prune)
		case "dryRun":
			err = d.Decode(&set.DryRun)
		default:
			return fmt.Errorf("unknown key %q; there are streams, tables, rules, prune and dryRun", key)
		}
		return err
	})
	if err != nil {
		return set, fmt.Errorf(`read the body, such as {"streams": {"demo": "CREATE STREAM …"}, "rules": {"r1": {…}}}: %w`, err)
	}
	if d.More() {
		return set, errors.New("there is more in the body behind its object")
	}
	return set, nil
}

// readTexts reads an object of definitions.
func readTexts(d *json.Decoder, of string, text func(json.RawMessage) (string, error)) (map[string]string, error) {
	texts := map[string]string{}
	return texts, eachKey(d, of, func(name string) error {
		if _, twice := texts[name]; twice {
			return fmt.Errorf("%s has %q twice", of, name)
		}
		var raw json.RawMessage
		err := d.Decode(&raw)
		if err == nil {
			texts[name], err = text(raw)
		}
		if err != nil {
			return fmt.Errorf("%s %q: %w", of, name, err)
		}
		return nil
	})
}

// eachKey calls f behind each key of an object; f reads its value.
func eachKey(d *json.Decoder, of string, f func(key string) error) error {
	open, err := d.Token()
	if err != nil {
		return err
	}
	if open == nil {
		return nil // null is an empty object
	}
	if open != json.Delim('{') {
		return fmt.Errorf("%s must be an object", of)
	}
	for d.More() {
		key, err := d.Token()
		if err == nil {
			err = f(key.(string))
		}
		if err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

func statementText(raw json.RawMessage) (text string, err error) {
	if json.Unmarshal(raw, &text) != nil {
		return "", errors.New(`it must be a text such as "CREATE STREAM …"`)
	}
	return text, nil
}

// ruleText is the JSON of a rule, which may stand in a text, as in ruleset
// files.
func ruleText(raw json.RawMessage) (text string, err error) {
	if bytes.HasPrefix(raw, []byte(`"`)) {
		err = json.Unmarshal(raw, &text)
		return text, err
	}
	return string(raw), nil
}
