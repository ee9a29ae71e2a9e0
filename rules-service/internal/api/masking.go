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

// maskStream is a definition without the secrets in EXTRA.
func (a *API) maskStream(def *sqlengine.Stream) *sqlengine.Stream {
	shown := *def
	shown.Options.Extra = named.MaskObject(def.Options.Extra, a.sourceFields(def))
	return &shown
}

// maskDescription is the answer to DESCRIBE without the secrets in EXTRA; that
// to another statement has none.
func (a *API) maskDescription(sql, text string) (string, error) {
	st, err := sqlengine.ParseStatement(sql)
	if err != nil || st.Verb != sqlengine.Describe {
		return text, err
	}
	def, err := a.Rules.Stream(st.Name)
	if err != nil {
		return "", err
	}
	return a.maskStream(def).Describe(), nil
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

// place is where the properties of a sink stand in a rule.
type place struct {
	path   string
	sink   string
	props  map[string]any
	fields []connector.Field
	set    func(map[string]any)
}

// places are the actions of a rule, and the nodes of its graph.
func (a *API) places(rule map[string]any) []place {
	var list []place
	for _, actions := range valuesOf[[]any](rule, "actions") {
		for i, action := range actions {
			sinks, _ := action.(map[string]any)
			for _, sink := range slices.Sorted(maps.Keys(sinks)) {
				list = a.appendPlace(list, fmt.Sprintf("actions[%d].%s", i, sink), sink, sinks, sink)
			}
		}
	}
	for _, graph := range valuesOf[map[string]any](rule, "graph") {
		for _, nodes := range valuesOf[map[string]any](graph, "nodes") {
			list = a.appendNodes(list, nodes)
		}
	}
	return list
}

func (a *API) appendNodes(list []place, nodes map[string]any) []place {
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		node, _ := nodes[name].(map[string]any)
		sink := strings.Join(valuesOf[string](node, "nodeType"), " ")
		for _, key := range spellings(node, "props") {
			list = a.appendPlace(list, "graph.nodes."+name, sink, node, key)
		}
	}
	return list
}

// appendPlace appends what stands in holder under key, when it is an object.
func (a *API) appendPlace(list []place, path, sink string, holder map[string]any, key string) []place {
	props, ok := holder[key].(map[string]any)
	if !ok {
		return list
	}
	var fields []connector.Field
	if info, err := a.Registry.Sink(sink); err == nil {
		fields = info.Fields
	}
	return append(list, place{path, sink, props, fields, func(now map[string]any) { holder[key] = now }})
}

// ruleObject reads the JSON of a rule; numbers stay as they are written.
func ruleObject(text string) (rule map[string]any, err error) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	err = dec.Decode(&rule)
	return rule, err
}

// spellings are the keys of a name in any case: a text may have it twice.
func spellings(keys map[string]any, name string) []string {
	var found []string
	for k := range keys {
		if strings.EqualFold(k, name) {
			found = append(found, k)
		}
	}
	slices.Sort(found)
	return found
}

// valuesOf are the values of a name that are of a type.
func valuesOf[T any](keys map[string]any, name string) []T {
	var found []T
	for _, k := range spellings(keys, name) {
		if v, ok := keys[k].(T); ok {
			found = append(found, v)
		}
	}
	return found
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
