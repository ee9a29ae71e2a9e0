package rule

import (
	"fmt"
	"maps"
	"math"
	"sync"
	"time"

	"sluice/rules-service/internal/hub"
	"sluice/sqlengine/value"
)

// ruleParams are the parameters of one rule that have, or may get, other values
// than those that its definition gives them.
type ruleParams struct {
	id      string
	changed func(*ruleParams) // wants them on disk

	mu        sync.Mutex
	temp      bool                   // the rule is not stored
	forgotten bool                   // the rule is deleted
	first     map[string]value.Value // of the definition
	by        map[string]*param
	rule      *hub.Attachment // nil: it does not run
}

// param is a parameter that has a value of its own, or had a row refused.
type param struct {
	value   value.Value
	set     bool        // it has one
	instead value.Value // what the definition said when it was set
	origin  Origin
	since   time.Time

	rows, refused uint64 // of its query
	problem       string // of the last one that was refused
	problemTime   time.Time
}

// Origin is where the value of a parameter comes from.
type Origin string

// The origins.
const (
	ByDefinition Origin = "definition"
	ByQuery      Origin = "query"
	ByHand       Origin = "hand"
)

// enter makes the values fit a definition. Those of parameters that it does not
// name go, and those that it fixes at another value than before.
func (r *ruleParams) enter(def *Definition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before, stored := len(r.by), !r.temp
	r.temp, r.forgotten, r.first = def.Temp, false, def.Options.Query.Params
	maps.DeleteFunc(r.by, func(name string, p *param) bool {
		first, named := r.first[name]
		_, bound := def.Options.From[name]
		return !named || !replaces(first.Kind(), p.value.Kind()) || !bound && !same(first, p.instead)
	})
	if len(r.by) != before || stored != !r.temp {
		r.changed(r)
	}
}

// same tells of values that no query can tell apart.
func same(a, b value.Value) bool { return a.Kind() == b.Kind() && a.String() == b.String() }

// present are the values that are not those of the definition.
func (r *ruleParams) present() map[string]value.Value {
	r.mu.Lock()
	defer r.mu.Unlock()
	values := map[string]value.Value{}
	for name, p := range r.by {
		if p.set {
			values[name] = p.value
		}
	}
	return values
}

// bind sends values to a rule that has begun: all that there are, for some may
// have come while it did.
func (r *ruleParams) bind(rule *hub.Attachment) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rule = rule
	for name, p := range r.by {
		if p.set {
			rule.SetParam(name, p.value)
		}
	}
}

func (r *ruleParams) unbind(rule *hub.Attachment) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.rule == rule {
		r.rule = nil
	}
}

// feed takes a value that the query of a parameter yields. NULL is none.
func (r *ruleParams) feed(name string, v value.Value) {
	if v.IsNull() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.of(name)
	p.rows++
	if err := r.check(name, v); err != nil {
		p.refuse(err)
		return
	}
	if r.put(name, v, ByQuery) {
		r.changed(r)
	}
}

// refuse counts a row that gives a parameter no value.
func (r *ruleParams) refuse(name string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.of(name)
	p.rows++
	p.refuse(err)
}

func (p *param) refuse(err error) {
	p.refused++
	p.problem, p.problemTime = err.Error(), time.Now()
}

func (r *ruleParams) of(name string) *param {
	p := r.by[name]
	if p == nil {
		p = &param{}
		r.by[name] = p
	}
	return p
}

// check tells why a parameter cannot have a value.
func (r *ruleParams) check(name string, v value.Value) error {
	is, kind := v.Kind(), r.kind(name)
	switch {
	case !isScalar(is):
		return fmt.Errorf("parameter $%s: a %s is no value for a parameter; it takes numbers, texts and BOOLEANs", name, is)
	case is == value.Float && (math.IsNaN(v.Float()) || math.IsInf(v.Float(), 0)):
		return fmt.Errorf("parameter $%s: %s is no number", name, v)
	case !replaces(kind, is):
		return fmt.Errorf("parameter $%s: it is a %s, not a %s", name, kind, is)
	}
	return nil
}

// kind is that of the definition's value or, where that is NULL, of the first
// one that came.
func (r *ruleParams) kind(name string) value.Kind {
	if k := r.first[name].Kind(); k != value.Null {
		return k
	}
	if p := r.by[name]; p != nil && p.set {
		return p.value.Kind()
	}
	return value.Null
}

// put gives a parameter a value that was checked, and tells whether that is
// another one.
func (r *ruleParams) put(name string, v value.Value, origin Origin) bool {
	p := r.of(name)
	if p.set && p.origin == origin && same(p.value, v) {
		return false
	}
	p.value, p.set, p.instead, p.origin, p.since = v, true, r.first[name], origin, time.Now()
	r.send(name, v)
	return true
}

// drop gives a parameter the definition's value again.
func (r *ruleParams) drop(name string) {
	if p := r.by[name]; p != nil && p.set {
		p.value, p.set, p.since = value.Value{}, false, time.Time{}
		r.send(name, r.first[name])
	}
}

func (r *ruleParams) send(name string, v value.Value) {
	if r.rule != nil {
		r.rule.SetParam(name, v)
	}
}
