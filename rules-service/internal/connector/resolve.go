package connector

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The properties that name others.
const (
	resourceID         = "resourceId"
	connectionSelector = "connectionSelector"
)

// Layers are the properties of one source or sink by where they come from.
type Layers struct {
	Type   string // of the source or sink
	Fields []Field
	Sets   []map[string]any // configuration keys; a later one wins
	Own    map[string]any   // what stands in the stream or action: wins over all
}

// Resolve makes one set of properties of the layers. The connection that one of
// them selects comes between the configuration keys and the own properties;
// its name is returned.
func (l Layers) Resolve(n Named) (props map[string]any, connection string, err error) {
	if !refers(l.Own) && !slices.ContainsFunc(l.Sets, func(set map[string]any) bool { return len(set) > 0 }) {
		return l.Own, "", nil // most have no others
	}
	below := Merge(l.Fields, l.Sets...)
	props = Merge(l.Fields, below, l.Own)
	connection, err = textOf(props, connectionSelector)
	if err != nil || connection == "" {
		return props, "", err
	}
	selected, err := l.connection(n, connection)
	if err != nil {
		return nil, "", fmt.Errorf("property %q: %w", connectionSelector, err)
	}
	props = Merge(l.Fields, below, selected, l.Own)
	delete(props, connectionSelector)
	return props, connection, nil
}

func (l Layers) connection(n Named, id string) (map[string]any, error) {
	if n == nil {
		return nil, fmt.Errorf("connection %s is not known here; there are no connections", id)
	}
	kind, props, err := n.Connection(id)
	if err != nil {
		return nil, err
	}
	if !strings.EqualFold(kind, l.Type) {
		return nil, fmt.Errorf("connection %s is of type %s, not %s; select another one", id, kind, l.Type)
	}
	return props, nil
}

// Merge lays properties over each other; those of a later layer win. Names are
// compared as in decoding: without regard to case, and an alias stands for its
// property.
func Merge(fields []Field, layers ...map[string]any) map[string]any {
	proper := map[string]string{}
	for _, f := range fields {
		proper[strings.ToLower(f.Name)] = f.Name
		for _, a := range f.Aliases {
			if folded := strings.ToLower(a); proper[folded] == "" {
				proper[folded] = f.Name
			}
		}
	}
	merged := map[string]any{}
	for _, layer := range layers {
		for _, name := range sortedNames(layer) {
			v := layer[name]
			if p, ok := proper[strings.ToLower(name)]; ok {
				name = p
			}
			merged[name] = v
		}
	}
	return merged
}

// resolveSink puts the configuration key of resourceId and the connection of
// connectionSelector below the properties of an action.
func resolveSink(sinkType string, own map[string]any, fields []Field, n Named) (props map[string]any, connection string, err error) {
	if !refers(own) {
		return own, "", nil
	}
	l := Layers{Type: sinkType, Fields: fields, Own: Merge(fields, own)}
	key, err := textOf(l.Own, resourceID)
	if err != nil {
		return nil, "", err
	}
	if key != "" {
		set, err := sinkSet(sinkType, key, n)
		if err != nil {
			return nil, "", fmt.Errorf("property %q: %w", resourceID, err)
		}
		l.Sets = append(l.Sets, set)
	}
	delete(l.Own, resourceID)
	return l.Resolve(n)
}

// refers tells whether properties name others; most do not.
func refers(props map[string]any) bool {
	for name := range props {
		if strings.EqualFold(name, resourceID) || strings.EqualFold(name, connectionSelector) {
			return true
		}
	}
	return false
}

func sinkSet(sinkType, key string, n Named) (map[string]any, error) {
	if n == nil {
		return nil, fmt.Errorf("configuration key %q is not known here; there are no configuration keys", key)
	}
	return n.Sink(sinkType, key)
}

// textOf is the text of a property; one that is absent or null is empty.
func textOf(props map[string]any, name string) (string, error) {
	v, ok := props[name]
	if !ok || v == nil {
		return "", nil
	}
	text, ok := v.(string)
	if !ok {
		return "", errors.New(`property "` + name + `" must be a text, not ` + shown(v))
	}
	return text, nil
}
