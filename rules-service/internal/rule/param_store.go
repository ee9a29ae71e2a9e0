package rule

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"sluice/rules-service/internal/store"
	"sluice/sqlengine/value"
)

// paramDocuments are the values of parameters on disk, by rule.
const paramDocuments = "params"

const (
	paramDelay = 300 * time.Millisecond // many changes make one write
	paramRetry = 10 * time.Second       // after one that has failed
)

// params are the parameters of all rules that have some which change, and what
// keeps their values on disk.
type params struct {
	store *store.Store
	log   *slog.Logger

	writing sync.Mutex // one write at a time; before mu

	mu     sync.Mutex // after ruleParams.mu
	rules  map[string]*ruleParams
	fresh  map[*ruleParams]struct{} // not on disk as they are
	timer  *time.Timer              // nil: no write is due
	closed bool
	failed bool // the last write
}

func newParams(st *store.Store, log *slog.Logger) *params {
	return &params{store: st, log: log, rules: map[string]*ruleParams{}, fresh: map[*ruleParams]struct{}{}}
}

// enter returns the parameters of a rule that starts; nil: none of them has, or
// may get by itself, another value than the definition's.
func (s *params) enter(def *Definition) *ruleParams {
	r := s.find(def.ID)
	if r == nil && len(def.Options.From) == 0 {
		return nil
	}
	return s.entered(def)
}

// entered is enter for a rule that is to have another value.
func (s *params) entered(def *Definition) *ruleParams {
	s.mu.Lock()
	r := s.rules[def.ID]
	if r == nil {
		r = s.add(def.ID)
	}
	s.mu.Unlock()
	r.enter(def)
	return r
}

func (s *params) find(id string) *ruleParams {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rules[id]
}

func (s *params) add(id string) *ruleParams {
	r := &ruleParams{id: id, changed: s.changed, by: map[string]*param{}}
	s.rules[id] = r
	return r
}

// remove gives up the parameters of a rule that is deleted.
func (s *params) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.fresh, s.rules[id])
	delete(s.rules, id)
}

// forget takes the values of a rule out of the store; a write under way brings
// them back no more.
func (s *params) forget(tx *store.Tx, id string) error {
	if r := s.find(id); r != nil {
		r.mu.Lock()
		r.forgotten = true
		r.mu.Unlock()
	}
	return tx.DeleteDocument(paramDocuments, id)
}

// changed wants the values of a rule on disk, soon. ruleParams.mu is held.
func (s *params) changed(r *ruleParams) { s.due(paramDelay, r) }

func (s *params) due(after time.Duration, list ...*ruleParams) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range list {
		s.fresh[r] = struct{}{}
	}
	if s.timer == nil && !s.closed {
		s.timer = time.AfterFunc(after, func() { _ = s.write() }) // what fails is logged and tried again
	}
}

// take returns what is not on disk.
func (s *params) take() []*ruleParams {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
	list := slices.Collect(maps.Keys(s.fresh))
	clear(s.fresh)
	return list
}

// write stores all values that are not on disk.
func (s *params) write() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	list := s.take()
	if len(list) == 0 {
		return nil
	}
	err := s.store.Update(func(tx *store.Tx) error {
		for _, r := range list {
			if err := r.save(tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.due(paramRetry, list...)
	}
	s.tell(err)
	return err
}

// tell logs when writing begins to fail, and when it works again.
func (s *params) tell(err error) {
	s.mu.Lock()
	was := s.failed
	s.failed = err != nil
	s.mu.Unlock()
	switch {
	case err != nil && !was:
		s.log.Error("values of parameters cannot be kept; a restart would go back to older ones", "error", err)
	case err == nil && was:
		s.log.Info("values of parameters are kept again")
	}
}

// close writes what is not on disk, after the last rule has ended.
func (s *params) close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	return s.write()
}

// paramDocument is a value on disk.
type paramDocument struct {
	Value   json.RawMessage `json:"value"`
	Instead json.RawMessage `json:"instead"` // of the definition
	Origin  Origin          `json:"origin"`
	Since   int64           `json:"since"` // milliseconds since 1970
}

// save stores the values of a rule; those of one that is temporary, or deleted,
// are not there.
func (r *ruleParams) save(tx *store.Tx) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	values := map[string]paramDocument{}
	for name, p := range r.by {
		if p.set {
			values[name] = paramDocument{scalarJSON(p.value), scalarJSON(p.instead), p.origin, p.since.UnixMilli()}
		}
	}
	if r.temp || r.forgotten || len(values) == 0 {
		return tx.DeleteDocument(paramDocuments, r.id)
	}
	data, err := json.Marshal(values)
	if err != nil {
		return err
	}
	return tx.PutDocument(paramDocuments, store.Document{Key: r.id, Data: data})
}

// load reads the values of the last process. One that cannot be read is logged
// and left in the store.
func (s *params) load() error {
	documents, err := s.store.Documents(paramDocuments)
	if err != nil {
		return err
	}
	for _, d := range documents {
		var values map[string]paramDocument
		if err := json.Unmarshal(d.Data, &values); err != nil {
			s.log.Error("stored values of parameters cannot be read; those of the definition count", "rule", d.Key, "error", err)
			continue
		}
		r := s.add(d.Key)
		for name, p := range values {
			v, ok := paramOf(p.Value)
			instead, known := paramOf(p.Instead)
			if ok && known {
				r.by[name] = &param{value: v, set: true, instead: instead, origin: p.Origin, since: time.UnixMilli(p.Since)}
			}
		}
	}
	return nil
}

// scalarJSON is a scalar as paramOf reads it: a FLOAT stays one.
func scalarJSON(v value.Value) json.RawMessage {
	switch v.Kind() {
	case value.Int:
		return strconv.AppendInt(nil, v.Int(), 10)
	case value.Bool:
		return strconv.AppendBool(nil, v.True())
	case value.Float:
		text := strconv.AppendFloat(nil, v.Float(), 'g', -1, 64)
		if !bytes.ContainsAny(text, ".e") {
			text = append(text, ".0"...)
		}
		return text
	case value.String:
		text, _ := json.Marshal(v.Str()) // a text always can be
		return text
	}
	return json.RawMessage("null")
}
