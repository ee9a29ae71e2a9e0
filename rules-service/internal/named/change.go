package named

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/store"
	"sluice/sqlengine/diag"
)

// Put adds or replaces a set in the store. A secret that comes back as Mask
// shows it keeps its value.
func (b *Book) Put(id ID, props map[string]any) error {
	props, err := b.Complete(id, props)
	if err != nil {
		return err
	}
	id.Type = b.proper(id.Kind, id.Type)
	if err := b.Check(id, props); err != nil {
		return err
	}
	return b.keep(id, props)
}

// Complete puts the secrets back that Mask has hidden.
func (b *Book) Complete(id ID, props map[string]any) (map[string]any, error) {
	id.Type = b.proper(id.Kind, id.Type)
	b.mu.RLock()
	old, _ := b.look(id)
	b.mu.RUnlock()
	complete, err := Unmask(props, old, b.fields(id))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", id, err)
	}
	return complete, nil
}

func (b *Book) keep(id ID, props map[string]any) error {
	data, err := json.Marshal(props)
	if err != nil {
		return fmt.Errorf("%s: %w", id, err)
	}
	var kept map[string]any // nobody else has it
	if err := json.Unmarshal(data, &kept); err != nil {
		return fmt.Errorf("%s: %w", id, err)
	}
	if kept == nil {
		kept = map[string]any{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.store.PutDocument(documents, store.Document{Key: key(id), Data: data}); err != nil {
		return err
	}
	b.stored[id] = kept
	return nil
}

// Delete removes a set from the store. One of a file or of the environment can
// only be removed there.
func (b *Book) Delete(id ID) error {
	id.Type = b.proper(id.Kind, id.Type)
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.stored[id]; !ok {
		if _, ok := b.given[id]; ok {
			return fmt.Errorf("%s comes from a file or the environment; remove it there", id)
		}
		return &NotFound{id.String() + " is not found"}
	}
	if err := b.store.DeleteDocument(documents, key(id)); err != nil {
		return err
	}
	delete(b.stored, id)
	return nil
}

// Check says what is wrong with a set. A connection must be complete; a
// configuration key may leave properties to others.
func (b *Book) Check(id ID, props map[string]any) error {
	if strings.TrimSpace(id.Name) == "" {
		return errors.New("the name is empty")
	}
	if id.Kind != Connections {
		return b.checkNames(id, props)
	}
	if other, err := b.FindConnection(id.Name); err == nil && other.Name == id.Name && other.Type != id.Type {
		return fmt.Errorf("connection %s is of type %s; give this one another name", id.Name, other.Type)
	}
	info, err := b.registry.Connection(id.Type)
	if err != nil {
		return err
	}
	return info.Check(props)
}

// checkNames finds properties that the type has not.
func (b *Book) checkNames(id ID, props map[string]any) error {
	if err := b.checkType(id); err != nil {
		return err
	}
	known := map[string]bool{}
	var names []string
	for _, f := range b.fields(id) {
		names = append(names, f.Name)
		for _, n := range append([]string{f.Name}, f.Aliases...) {
			known[strings.ToLower(n)] = true
		}
	}
	for name := range props {
		if known[strings.ToLower(name)] {
			continue
		}
		if near := diag.Nearest(name, names); near != "" {
			return fmt.Errorf("%s: unknown property %q; did you mean %q?", id, name, near)
		}
		return fmt.Errorf("%s: unknown property %q; there are %s", id, name, strings.Join(names, ", "))
	}
	return nil
}

func (b *Book) checkType(id ID) error {
	switch id.Kind {
	case Sinks:
		_, err := b.registry.Sink(id.Type)
		return err
	case Connections:
		_, err := b.registry.Connection(id.Type)
		return err
	}
	if _, err := b.registry.Lookup(id.Type); err == nil {
		return nil
	}
	_, err := b.registry.Source(id.Type)
	return err
}

// fields are the properties that a set of the type may have.
func (b *Book) fields(id ID) []connector.Field {
	switch id.Kind {
	case Sinks:
		if info, err := b.registry.Sink(id.Type); err == nil {
			return slices.Concat(info.Fields, connector.SinkFields())
		}
		return nil
	case Connections:
		if info, err := b.registry.Connection(id.Type); err == nil {
			return info.Fields
		}
		return nil
	}
	var fields []connector.Field
	if info, err := b.registry.Source(id.Type); err == nil {
		fields = slices.Concat(info.Fields, connector.SourceFields())
	}
	if info, err := b.registry.Lookup(id.Type); err == nil {
		fields = slices.Concat(fields, info.Fields, connector.LookupFields())
	}
	return fields
}

// Masked returns a set as the API shows it.
func (b *Book) Masked(id ID) (map[string]any, error) {
	props, err := b.Get(id)
	if err != nil {
		return nil, err
	}
	id.Type = b.proper(id.Kind, id.Type)
	return Mask(props, b.fields(id)), nil
}

// Snapshot returns the stored set, nil when there is none, and what brings it
// back after a change.
func (b *Book) Snapshot(id ID) (props map[string]any, restore func() error) {
	id.Type = b.proper(id.Kind, id.Type)
	b.mu.RLock()
	defer b.mu.RUnlock()
	before, ok := b.stored[id]
	if !ok {
		return nil, func() error { return b.forget(id) }
	}
	return before, func() error { return b.keep(id, before) }
}

// forget removes a set that may not be there.
func (b *Book) forget(id ID) error {
	var absent *NotFound
	if err := b.Delete(id); err != nil && !errors.As(err, &absent) {
		return err
	}
	return nil
}

// Equal tells whether two sets say the same.
func Equal(a, b map[string]any) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

// Selecting names the configuration keys that select a connection.
func (b *Book) Selecting(connection string) []string {
	var users []string
	for _, kind := range []Kind{Sources, Sinks} {
		for _, id := range b.IDs(kind) {
			props, err := b.Get(id)
			if err != nil {
				continue
			}
			if strings.EqualFold(fmt.Sprint(valueOf(props, "connectionSelector")), connection) {
				users = append(users, id.String())
			}
		}
	}
	return users
}
