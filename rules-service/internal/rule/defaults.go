package rule

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Defaults are the options that rules have unless they say otherwise.
type Defaults struct{ options json.RawMessage }

// ParseDefaults reads options, as a rule's JSON has them.
func ParseDefaults(options map[string]any) (*Defaults, error) {
	raw, err := json.Marshal(options)
	if err != nil {
		return nil, fmt.Errorf("options of rules: %w", err)
	}
	var note notes
	readOptions(newObject("", raw, &note))
	if len(note.errs) > 0 {
		return nil, errors.New("options of rules: " + strings.Join(note.errs, "; "))
	}
	return &Defaults{raw}, nil
}

// WithDefaults gives rules options that they do not set.
func WithDefaults(d *Defaults) Option { return func(o *options) { o.defaults = d } }

// SetDefaults changes the options that rules do not set, for the rules that
// start from now on.
func (m *Manager) SetDefaults(d *Defaults) { m.defaults.Store(d) }

// parse reads the JSON of a rule, with the defaults of this service.
func (m *Manager) parse(text string) (*Definition, []string, error) {
	return parseDefinition(text, m.defaults.Load())
}

// under reads options that are not set from the defaults.
func (d *Defaults) under(options *object) *object {
	if d != nil {
		options.absent = newObject(options.path, d.options, &notes{}) // was checked
	}
	return options
}

// renew reads a rule once more that starts: the defaults may have changed.
func (m *Manager) renew(r *rule) error {
	if r.def.Defaults == m.defaults.Load() {
		return nil
	}
	def, _, err := m.parse(r.text)
	if err != nil {
		return fmt.Errorf("with the present options of all rules: %w", err)
	}
	r.def = def
	r.show(func(s *shown) { s.def = def })
	return nil
}
