package function

import (
	"fmt"
	"slices"
	"strings"
)

// Set is a registry of functions. Names are not case-sensitive. It is filled
// first and only read afterwards, then by any number of goroutines.
type Set struct {
	scalars    map[string]*Scalar
	aggregates map[string]*Aggregate
	analytics  map[string]*Analytic
	codecs     map[string]Codec
}

// NewSet returns an empty set. Codecs matter to the functions compress and
// decompress of Builtin only.
func NewSet() *Set {
	return &Set{scalars: map[string]*Scalar{}, aggregates: map[string]*Aggregate{}, analytics: map[string]*Analytic{}, codecs: map[string]Codec{}}
}

// Add registers scalar functions under their names and aliases.
func (s *Set) Add(functions ...*Scalar) error {
	for _, f := range functions {
		if len(f.Overloads) == 0 {
			return fmt.Errorf("function %q has no overload", f.Name)
		}
		for _, name := range append([]string{f.Name}, f.Aliases...) {
			if err := s.claim(name); err != nil {
				return err
			}
			s.scalars[name] = f
		}
	}
	return nil
}

// AddAggregate registers aggregates under their names and aliases.
func (s *Set) AddAggregate(functions ...*Aggregate) error {
	for _, f := range functions {
		if f.New == nil || f.Result == nil {
			return fmt.Errorf("aggregate %q has no New or no Result", f.Name)
		}
		for _, name := range append([]string{f.Name}, f.Aliases...) {
			if err := s.claim(name); err != nil {
				return err
			}
			s.aggregates[name] = f
		}
	}
	return nil
}

// AddAnalytic registers analytic functions.
func (s *Set) AddAnalytic(functions ...*Analytic) error {
	for _, f := range functions {
		if f.Prepare == nil || f.Result == nil {
			return fmt.Errorf("analytic function %q has no Prepare or no Result", f.Name)
		}
		if err := s.claim(f.Name); err != nil {
			return err
		}
		s.analytics[f.Name] = f
	}
	return nil
}

func (s *Set) claim(name string) error {
	if name == "" || name != strings.ToLower(name) {
		return fmt.Errorf("function %q: a name is lower case and not empty", name)
	}
	if Reserved(name) {
		return fmt.Errorf("function %q: the name is reserved", name)
	}
	if s.scalars[name] != nil || s.aggregates[name] != nil || s.analytics[name] != nil {
		return fmt.Errorf("function %q is registered twice", name)
	}
	return nil
}

// Scalar looks a scalar function up by name or alias.
func (s *Set) Scalar(name string) (*Scalar, bool) {
	f, ok := s.scalars[strings.ToLower(name)]
	return f, ok
}

// Aggregate looks an aggregate up by name or alias.
func (s *Set) Aggregate(name string) (*Aggregate, bool) {
	f, ok := s.aggregates[strings.ToLower(name)]
	return f, ok
}

// Analytic looks an analytic function up by name.
func (s *Set) Analytic(name string) (*Analytic, bool) {
	f, ok := s.analytics[strings.ToLower(name)]
	return f, ok
}

// Names are all names and aliases, sorted: the candidates for a misspelling.
func (s *Set) Names() []string {
	names := make([]string, 0, len(s.scalars)+len(s.aggregates)+len(s.analytics))
	for name := range s.scalars {
		names = append(names, name)
	}
	for name := range s.aggregates {
		names = append(names, name)
	}
	for name := range s.analytics {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
