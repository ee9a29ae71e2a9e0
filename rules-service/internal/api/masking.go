package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/named"
	"sluice/rules-service/internal/rule"
	"sluice/sqlengine"
)

func isText(data []byte) bool { return utf8.Valid(data) }

// maskSet hides the secrets in definitions unless they were asked for.
func (a *API) maskSet(r *http.Request, set rule.Set) error {
	if secrets(r) {
		return nil
	}
	for id, text := range set.Rules {
		masked, err := a.maskRule(text)
		if err != nil {
			return fmt.Errorf("rule %s: %w", id, err)
		}
		set.Rules[id] = masked
	}
	for _, statements := range []map[string]string{set.Streams, set.Tables} {
		for name, sql := range statements {
			masked, err := a.maskStatement(sql)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			statements[name] = masked
		}
	}
	return nil
}

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

// maskStream is a definition without the secrets in EXTRA.
func (a *API) maskStream(def *sqlengine.Stream) *sqlengine.Stream {
	shown := *def
	shown.Options.Extra = named.MaskObject(def.Options.Extra, a.sourceFields(def))
	return &shown
}

// maskRule hides the secrets in the sinks of a rule. A text without any stays as
// it is.
func (a *API) maskRule(text string) (string, error) {
	rule, err := ruleObject(text)
	if err != nil {
		return "", err
	}
	changed := false
	for _, p := range a.places(rule) {
		shown := named.Mask(p.props, p.fields)
		if !reflect.DeepEqual(shown, p.props) {
			p.set(shown)
			changed = true
		}
	}
	if !changed {
		return text, nil
	}
	return compact(rule)
}

// unmaskRule puts the secrets of the rule that there is into the masked text of
// one that comes in; with id "" the text names it.
func (a *API) unmaskRule(id, text string) (string, error) {
	if !masked(text) {
		return text, nil
	}
	rule, err := ruleObject(text)
	if err != nil {
		return text, nil // it will be refused for what it is
	}
	if id == "" {
		id, _ = valueOf(rule, "id").(string)
	}
	before, err := a.propsOf(id)
	if err != nil {
		return "", err
	}
	for _, p := range a.places(rule) {
		full, err := named.Unmask(p.props, before[p.path], p.fields)
		if err != nil {
			return "", fmt.Errorf("%s: %w", p.path, err)
		}
		p.set(full)
	}
	return compact(rule)
}

// propsOf are the properties of the sinks of a rule by their places; a rule that
// is not there has none.
func (a *API) propsOf(id string) (map[string]map[string]any, error) {
	props := map[string]map[string]any{}
	text, err := a.Rules.Text(id)
	if err != nil {
		return props, nil //nolint:nilerr // as said
	}
	rule, err := ruleObject(text)
	if err != nil {
		return nil, err
	}
	for _, p := range a.places(rule) {
		props[p.path] = p.props
	}
	return props, nil
}

// place is where the properties of a sink stand in a rule.
type place struct {
	path   string
	props  map[string]any
	fields []connector.Field
	set    func(map[string]any)
}

// places are the actions of a rule, and the nodes of its graph.
func (a *API) places(rule map[string]any) []place {
	var list []place
	add := func(path, sink string, holder map[string]any, name string) {
		props, ok := holder[name].(map[string]any)
		if !ok {
			return
		}
		var fields []connector.Field
		if info, err := a.Registry.Sink(sink); err == nil {
			fields = info.Fields
		}
		list = append(list, place{path, props, fields, func(now map[string]any) { holder[name] = now }})
	}
	actions, _ := valueOf(rule, "actions").([]any)
	for i, action := range actions {
		sinks, _ := action.(map[string]any)
		for _, sink := range slices.Sorted(maps.Keys(sinks)) {
			add(fmt.Sprintf("actions[%d].%s", i, sink), sink, sinks, sink)
		}
	}
	graph, _ := valueOf(rule, "graph").(map[string]any)
	nodes, _ := valueOf(graph, "nodes").(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		node, _ := nodes[name].(map[string]any)
		sink, _ := node["nodeType"].(string)
		add("graph.nodes."+name, sink, node, "props")
	}
	return list
}

// ruleObject reads the JSON of a rule; numbers stay as they are written.
func ruleObject(text string) (rule map[string]any, err error) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	err = dec.Decode(&rule)
	return rule, err
}

// valueOf finds a key in any case.
func valueOf(keys map[string]any, name string) any {
	for k, v := range keys {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return nil
}

// masked tells whether a text may hold the placeholder of a secret.
func masked(text string) bool {
	return strings.Contains(text, "<secret>") || strings.Contains(strings.ToLower(text), `\u003csecret`)
}

// extraOption is EXTRA in a statement.
var extraOption = regexp.MustCompile(`(?i)(\bEXTRA\s*=\s*)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')`)

// maskStatement hides the secrets in EXTRA.
func (a *API) maskStatement(sql string) (string, error) {
	st, err := sqlengine.ParseStatement(sql)
	if err != nil || st.Stream == nil || st.Stream.Options.Extra == "" {
		return sql, err
	}
	extra := st.Stream.Options.Extra
	masked := named.MaskObject(extra, a.sourceFields(st.Stream))
	if masked == extra {
		return sql, nil
	}
	return withExtra(sql, masked)
}

// unmaskStatement puts the secrets of the stream that there is into the masked
// statement of one that comes in.
func (a *API) unmaskStatement(sql string) (string, error) {
	if !masked(sql) {
		return sql, nil
	}
	st, err := sqlengine.ParseStatement(sql)
	if err != nil || st.Stream == nil || st.Stream.Options.Extra == "" {
		return sql, nil // it will be refused for what it is
	}
	var props, old map[string]any
	if err := json.Unmarshal([]byte(st.Stream.Options.Extra), &props); err != nil {
		return sql, nil // as above
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

func (a *API) sourceFields(def *sqlengine.Stream) []connector.Field {
	var fields []connector.Field
	if info, err := a.Registry.Source(strings.ToLower(def.Options.Type)); err == nil {
		fields = info.Fields
	}
	if info, err := a.Registry.Lookup(strings.ToLower(def.Options.Type)); err == nil {
		fields = slices.Concat(fields, info.Fields)
	}
	return fields
}

// withExtra gives a statement another EXTRA, and makes sure of it.
func withExtra(sql, extra string) (string, error) {
	out := extraOption.ReplaceAllStringFunc(sql, func(option string) string {
		head := extraOption.FindStringSubmatch(option)[1]
		return head + strconv.Quote(extra)
	})
	st, err := sqlengine.ParseStatement(out)
	if err != nil || st.Stream == nil || st.Stream.Options.Extra != extra {
		return "", errors.New("its EXTRA holds secrets that cannot be hidden; export with ?secrets=true")
	}
	return out, nil
}
