package rule

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"sluice/sqlengine"
)

// Reference names properties that definitions use by name: a configuration key
// of a source or sink type, or a connection.
type Reference struct {
	Source, Sink string // type that the key is of; both empty: a connection
	Name         string
}

// UsersOf names the streams and rules that use something by its name, such as
// "stream demo".
func (m *Manager) UsersOf(ref Reference) []string {
	m.change.RLock()
	defer m.change.RUnlock()
	var users []string
	for _, def := range m.streamsOn(ref) {
		users = append(users, fmt.Sprintf("%s %s", kindOfStream(def.Table), def.Name))
	}
	for _, r := range m.all() {
		if m.sends(r, ref) {
			users = append(users, "rule "+r.id)
		}
	}
	return users
}

// streamsOn are the streams and tables that use ref; Manager.change is held.
func (m *Manager) streamsOn(ref Reference) []*sqlengine.Stream {
	var defs []*sqlengine.Stream
	for _, name := range m.catalog.Names() {
		if def, ok := m.catalog.Stream(name); ok && m.streamUses(def, ref) {
			defs = append(defs, def)
		}
	}
	return defs
}

const defaultKey = "default" // counts for all streams of a type

func (m *Manager) streamUses(def *sqlengine.Stream, ref Reference) bool {
	switch {
	case ref.Sink != "":
		return false
	case ref.Source != "":
		return strings.EqualFold(def.Options.Type, ref.Source) &&
			(strings.EqualFold(def.Options.ConfKey, ref.Name) || strings.EqualFold(ref.Name, defaultKey))
	}
	return strings.EqualFold(m.hub.Selects(def), ref.Name)
}

// sends tells whether an action of the rule uses ref.
func (m *Manager) sends(r *rule, ref Reference) bool {
	return ref.Source == "" && slices.ContainsFunc(r.look().def.Actions, func(a Action) bool { return m.actionUses(a, ref) })
}

func (m *Manager) actionUses(a Action, ref Reference) bool {
	if ref.Sink != "" {
		return strings.EqualFold(a.Type, ref.Sink) && strings.EqualFold(textOf(a.Props, "resourceId"), ref.Name)
	}
	info, err := m.registry.Sink(a.Type)
	if err != nil || textOf(a.Props, "connectionSelector") == "" && textOf(a.Props, "resourceId") == "" {
		return false
	}
	c, err := info.Decode(a.Props, m.env)
	return err == nil && strings.EqualFold(c.Connection, ref.Name)
}

func textOf(props map[string]any, name string) string {
	for known, v := range props {
		if text, ok := v.(string); ok && strings.EqualFold(known, name) {
			return text
		}
	}
	return ""
}

// Reconfigure makes a change of what ref names. The running rules that use it
// go over to what is new; when one of them could not, undo takes the change
// back.
func (m *Manager) Reconfigure(ref Reference, change, undo func() error) error {
	m.change.Lock()
	defer m.change.Unlock()
	if m.closed {
		return ErrClosed
	}
	if err := change(); err != nil {
		return err
	}
	affected := m.runningOn(ref)
	for _, r := range affected {
		if _, err := m.prepare(r.look().def); err != nil {
			err = fmt.Errorf("rule %s would be refused: %w; change or stop it first", r.id, err)
			return errors.Join(err, undo())
		}
	}
	states := make([][]byte, len(affected))
	err := m.goOver(affected, states)
	if err != nil {
		err = errors.Join(err, undo(), m.goOver(affected, states))
	}
	return err
}

// goOver ends the rules that run and starts all of them. The states go with
// them.
func (m *Manager) goOver(rules []*rule, states [][]byte) error {
	for i, r := range rules {
		if s := r.look(); s.running() {
			states[i] = m.suspend(r)
		}
	}
	var errs []error
	for i, r := range rules {
		if err := m.resume(r, states[i]); err != nil {
			errs = append(errs, fmt.Errorf("rule %s: %w", r.id, err))
		}
	}
	return errors.Join(errs...)
}

// runningOn are the running rules that use ref by a stream or an action;
// Manager.change is held.
func (m *Manager) runningOn(ref Reference) []*rule {
	defs := m.streamsOn(ref)
	return slices.DeleteFunc(m.all(), func(r *rule) bool {
		s := r.look()
		if !s.running() {
			return true
		}
		reads := len(defs) > 0 && slices.ContainsFunc(m.reads(r), func(name string) bool {
			return slices.ContainsFunc(defs, func(def *sqlengine.Stream) bool { return def.Name == name })
		})
		return !reads && !m.sends(r, ref)
	})
}

// Link is how a named connection does.
type Link struct {
	Users     int // streams and actions that are open on it
	Connected int // of those
	Error     string
}

// Links are the named connections that something is open on.
func (m *Manager) Links() map[string]Link {
	links := map[string]Link{}
	add := func(name string, connected bool, message string) {
		l := links[name]
		l.Users++
		if connected {
			l.Connected++
		} else if message != "" {
			l.Error = message
		}
		links[name] = l
	}
	for _, u := range m.hub.Uses() {
		add(u.Connection, u.State.Status > 0, u.State.LastDisconnectedMessage)
	}
	for _, u := range m.pool.Uses() {
		add(u.Connection, u.Status > 0, u.Message)
	}
	return links
}
