package rule

import (
	"encoding/json"
	"fmt"

	"sluice/sqlengine/diag"
	"sluice/sqlengine/value"
)

// Param is a parameter of a rule as it is now.
type Param struct {
	Value  json.RawMessage `json:"value"`
	Origin Origin          `json:"origin"`
	Since  int64           `json:"since,omitempty"` // in milliseconds; of a value that is not the definition's
	From   string          `json:"from,omitempty"`  // the query that it is bound to
	// Of that query since the start of the service; refused are those that gave
	// it no value.
	Rows            uint64 `json:"rows"`
	Refused         uint64 `json:"refused"`
	LastRefusal     string `json:"lastRefusal,omitempty"`
	LastRefusalTime int64  `json:"lastRefusalTime,omitempty"` // in milliseconds
}

// Params are the parameters of a rule, by their names.
func (m *Manager) Params(id string) (map[string]Param, error) {
	r, err := m.find(id)
	if err != nil {
		return nil, err
	}
	return m.params.list(r.look().def), nil
}

func (s *params) list(def *Definition) map[string]Param {
	list := make(map[string]Param, len(def.Options.Query.Params))
	for name, first := range def.Options.Query.Params {
		list[name] = Param{Value: scalarJSON(first), Origin: ByDefinition, From: def.Options.From[name]}
	}
	if r := s.find(def.ID); r != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		for name, p := range r.by {
			if shown, ok := list[name]; ok {
				list[name] = p.over(shown)
			}
		}
	}
	return list
}

// over puts what a parameter has of its own over what its definition says.
func (p *param) over(shown Param) Param {
	if p.set {
		shown.Value, shown.Origin, shown.Since = scalarJSON(p.value), p.origin, millis(p.since)
	}
	shown.Rows, shown.Refused = p.rows, p.refused
	shown.LastRefusal, shown.LastRefusalTime = p.problem, millis(p.problemTime)
	return shown
}

// pairs are the parameters of a rule in its status.
func (s *params) pairs(def *Definition) (p Pairs) {
	if len(def.Options.Query.Params) == 0 {
		return nil
	}
	list := s.list(def)
	for _, name := range sortedKeys(list) {
		prefix, v := "param_"+name+"_", list[name]
		p = append(p, Pair{prefix + "value", v.Value}, Pair{prefix + "origin", v.Origin}, Pair{prefix + "since", v.Since})
		if v.From == "" {
			continue
		}
		p = append(p, Pair{prefix + "from", v.From}, Pair{prefix + "records_in_total", v.Rows}, Pair{prefix + "exceptions_total", v.Refused},
			Pair{prefix + "last_exception", v.LastRefusal}, Pair{prefix + "last_exception_time", v.LastRefusalTime})
	}
	return p
}

// SetParams gives parameters of a rule values by hand: all of them, or none.
// They count at once, and after a restart of the service; null goes back to the
// definition's value.
func (m *Manager) SetParams(id, text string) (map[string]Param, error) {
	r, err := m.find(id)
	if err != nil {
		return nil, err
	}
	values, err := readByHand(text)
	if err != nil {
		return nil, err
	}
	err = m.changing(r, func() error {
		if err := knows(r.def, values); err != nil {
			return err
		}
		list := m.params.entered(r.def)
		if s := r.look(); s.running() && s.run.params == nil {
			s.run.params = &paramRun{values: list}
			list.bind(s.run.attachment)
		}
		return list.setAll(values)
	})
	if err != nil {
		return nil, err
	}
	return m.params.list(r.look().def), m.params.write()
}

// readByHand reads names and values.
func readByHand(text string) (map[string]value.Value, error) {
	var note notes
	o := newObject("", json.RawMessage(text), &note)
	if len(note.errs) > 0 || !json.Valid([]byte(text)) {
		return nil, &Malformed{[]string{`the body must be an object of values by the names of parameters, such as {"threshold": 85}`}}
	}
	values := map[string]value.Value{}
	for _, k := range o.keys {
		v, ok := paramOf(k.raw)
		if !ok {
			return nil, &Malformed{[]string{fmt.Sprintf("%s must be a number, a text, true, false or null, not %s", k.name, kindOf(k.raw))}}
		}
		values[k.name] = v
	}
	return values, nil
}

// knows tells which of the values is for no parameter of the rule.
func knows(def *Definition, values map[string]value.Value) error {
	known := sortedKeys(def.Options.Query.Params)
	for _, name := range sortedKeys(values) {
		if _, ok := def.Options.Query.Params[name]; ok {
			continue
		}
		if near := diag.Nearest(name, known); near != "" {
			return fmt.Errorf("rule %s has no parameter %q; did you mean %q?", def.ID, name, near)
		}
		return fmt.Errorf("rule %s has no parameter %q; its option params names those that it has", def.ID, name)
	}
	return nil
}

// setAll takes values by hand.
func (r *ruleParams) setAll(values map[string]value.Value) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range sortedKeys(values) {
		if v := values[name]; !v.IsNull() {
			if err := r.check(name, v); err != nil {
				return err
			}
		}
	}
	for name, v := range values {
		if v.IsNull() {
			r.drop(name)
			continue
		}
		r.put(name, v, ByHand)
	}
	r.changed(r)
	return nil
}
