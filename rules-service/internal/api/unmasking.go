package api

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"sluice/rules-service/internal/named"
	"sluice/rules-service/internal/rule"
	"sluice/sqlengine"
)

// unmaskSet puts secrets back into definitions that were shown without them.
func (a *API) unmaskSet(set rule.Set) error {
	for id, text := range set.Rules {
		full, err := a.unmaskRule(id, text)
		if err != nil {
			return fmt.Errorf("rule %s: %w", id, err)
		}
		set.Rules[id] = full
	}
	for _, statements := range []map[string]string{set.Streams, set.Tables} {
		for name, sql := range statements {
			full, err := a.unmaskStatement(sql)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			statements[name] = full
		}
	}
	return nil
}

// unmaskRule puts the secrets of the rule that there is into the masked text of
// one that comes in; with id "" the text names it.
func (a *API) unmaskRule(id, text string) (string, error) {
	if !masked(text) {
		return text, nil
	}
	rule, err := ruleObject(text)
	if err != nil {
		return text, nil //nolint:nilerr // it will be refused for what it is
	}
	if id == "" {
		id = strings.Join(valuesOf[string](rule, "id"), "")
	}
	before, err := a.placesOf(id)
	if err != nil {
		return "", err
	}
	now := a.places(rule)
	shownAs := matched(now, before)
	for i, p := range now {
		full, err := named.Unmask(p.props, shownAs[i], p.fields)
		if err != nil {
			return "", fmt.Errorf("%s: %w", p.path, err)
		}
		p.set(full)
	}
	return compact(rule)
}

// placesOf are the places of a rule; one that is not there has none.
func (a *API) placesOf(id string) ([]place, error) {
	text, err := a.Rules.Text(id)
	if err != nil {
		return nil, nil //nolint:nilerr // as said
	}
	rule, err := ruleObject(text)
	if err != nil {
		return nil, err
	}
	return a.places(rule), nil
}

// matched finds for each place of now the properties that it was shown for: of
// a sink that looks the same, though it has moved, or else of the one that
// stood there or is the only one left. Where a changed sink may be one of
// several, because there are more or fewer than before, there are none: the
// secret of another target must not go to this one.
func matched(now, before []place) []map[string]any {
	props := make([]map[string]any, len(now))
	free := slices.Clone(before)
	take := func(i int, fits func(place) bool) {
		if at := slices.IndexFunc(free, fits); props[i] == nil && at >= 0 {
			props[i] = free[at].props
			free = slices.Delete(free, at, at+1)
		}
	}
	for i, p := range now {
		take(i, func(old place) bool { return old.path == p.path && old.shows(p) })
	}
	for i, p := range now {
		take(i, func(old place) bool { return old.shows(p) })
	}
	for i, p := range now {
		same, only := count(now, p.sink) == count(before, p.sink), count(free, p.sink) == 1
		take(i, func(old place) bool {
			return old.sink == p.sink && (same && only || (same || only) && old.path == p.path)
		})
	}
	return props
}

// shows tells whether a place is this one without its secrets.
func (p place) shows(masked place) bool {
	return p.sink == masked.sink && reflect.DeepEqual(named.Mask(p.props, p.fields), masked.props)
}

func count(list []place, sink string) int {
	n := 0
	for _, p := range list {
		if p.sink == sink {
			n++
		}
	}
	return n
}

// masked tells whether a text may hold the placeholder of a secret.
func masked(text string) bool {
	return strings.Contains(text, "<secret>") || strings.Contains(strings.ToLower(text), `\u003csecret`)
}

// unmaskStatement puts the secrets of the stream that there is into the masked
// statement of one that comes in.
func (a *API) unmaskStatement(sql string) (string, error) {
	if !masked(sql) {
		return sql, nil
	}
	st, err := sqlengine.ParseStatement(sql)
	if err != nil || st.Stream == nil || st.Stream.Options.Extra == "" {
		return sql, nil //nolint:nilerr // it will be refused for what it is
	}
	var props, old map[string]any
	if err := json.Unmarshal([]byte(st.Stream.Options.Extra), &props); err != nil {
		return sql, nil //nolint:nilerr // as above
	}
	if before, err := a.Rules.Stream(st.Name); err == nil && before.Options.Extra != "" {
		if err := json.Unmarshal([]byte(before.Options.Extra), &old); err != nil {
			return "", fmt.Errorf("EXTRA of the stream %s that there is: %w", st.Name, err)
		}
	}
	full, err := named.Unmask(props, old, a.sourceFields(st.Stream))
	if err != nil {
		return "", fmt.Errorf("EXTRA: %w", err)
	}
	text, err := compact(full)
	if err != nil {
		return "", err
	}
	return withExtra(sql, text)
}
