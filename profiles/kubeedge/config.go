package kubeedge

import (
	"maps"
	"slices"
	"strings"
)

// config reads the free configuration of a visitor or a protocol. Its keys are
// found in any case and by other names: v1beta1 has no schema for them.
type config struct {
	values map[string]any // by their names in lower case
	names  map[string]string
	asked  map[string]string // names by what they are in lower case
	report func(severity Severity, hint, format string, args ...any)
}

func newConfig(values map[string]any, report func(Severity, string, string, ...any)) *config {
	c := &config{map[string]any{}, map[string]string{}, map[string]string{}, report}
	for key, v := range values {
		low := strings.ToLower(key)
		if other, twice := c.names[low]; twice && other < key { // by chance would be by the order of a map
			continue
		}
		c.values[low], c.names[low] = v, key
	}
	return c
}

// get is the value of the first name that there is.
func (c *config) get(names ...string) any {
	var found any
	for _, name := range names {
		low := strings.ToLower(name)
		c.asked[low] = name
		if v := c.values[low]; found == nil && v != nil && v != "" {
			found = v
		}
	}
	return found
}

func (c *config) text(names ...string) string { return text(c.get(names...)) }

// whole is a whole number between low and high; otherwise is for none.
func (c *config) whole(low, high, otherwise int64, names ...string) int64 {
	v := c.get(names...)
	if v == nil {
		return otherwise
	}
	i, err := whole(v)
	if err != nil {
		c.report(Error, "", "%s: %v", names[0], err)
		return otherwise
	}
	if i < low || i > high {
		c.report(Error, "", "%s: %d is not between %d and %d", names[0], i, low, high)
		return otherwise
	}
	return i
}

func (c *config) decimal(otherwise float64, names ...string) float64 {
	v := c.get(names...)
	if v == nil {
		return otherwise
	}
	f, err := decimal(v)
	if err != nil {
		c.report(Error, "", "%s: %v", names[0], err)
		return otherwise
	}
	return f
}

func (c *config) truth(names ...string) bool {
	v := c.get(names...)
	if v == nil {
		return false
	}
	b, err := truth(v)
	if err != nil {
		c.report(Error, "", "%s: %v", names[0], err)
	}
	return b
}

// close warns of keys that are nearly known.
func (c *config) close() {
	var unknown []string
	for low, name := range c.names {
		if c.asked[low] == "" {
			unknown = append(unknown, name)
		}
	}
	if unknown == nil {
		return
	}
	slices.Sort(unknown)
	known := slices.Sorted(maps.Values(c.asked))
	for _, name := range unknown {
		if hint := didYouMean(name, known); hint != "" {
			c.report(Warning, hint, "unknown key %q: it is kept and has no effect", name)
		}
	}
}
