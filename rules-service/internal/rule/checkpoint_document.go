package rule

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"sluice/rules-service/internal/hub"
	"sluice/rules-service/internal/journal"
	"sluice/rules-service/internal/store"
	"sluice/sqlengine/value"
)

// A checkpoint is a document for each rule, and one for the moment at which the
// rules were. Both begin with a version.
const (
	stateDocuments  = "rule-states" // by the id of the rule
	momentDocuments = "moments"
	momentKey       = "checkpoint"
	checkpointForm  = 1
)

var errDocument = errors.New("it is damaged, or of another program")

// saved is where a rule is.
type saved struct {
	after journal.Offset // the place in the intake journal, when it left between two checkpoints
	marks []uint64       // of its targets, in order
	state []byte         // nil: it has none
}

func (s *saved) encode() []byte {
	var e value.Encoder
	e.Uint(checkpointForm)
	e.Uint(uint64(s.after))
	e.Uint(uint64(len(s.marks)))
	for _, n := range s.marks {
		e.Uint(n)
	}
	e.Bool(s.state != nil)
	return append(e.Bytes(), s.state...)
}

func decodeSaved(b []byte) (*saved, error) {
	d := value.NewDecoder(b)
	if d.Uint() != checkpointForm {
		return nil, errDocument
	}
	s := &saved{after: journal.Offset(d.Uint())}
	for range d.Count() {
		s.marks = append(s.marks, d.Uint())
	}
	has := d.Bool()
	if d.Err() != nil {
		return nil, errDocument
	}
	if has {
		s.state = b[len(b)-d.Len():]
	}
	return s, nil
}

func encodeMoment(m *hub.Moment) []byte {
	var e value.Encoder
	e.Uint(checkpointForm)
	e.Int(m.Clock)
	e.Uint(uint64(m.Next))
	e.Uint(uint64(len(m.Behind)))
	for _, name := range slices.Sorted(maps.Keys(m.Behind)) {
		e.String(name)
		e.Uint(uint64(m.Behind[name]))
	}
	return e.Bytes()
}

func decodeMoment(b []byte) (*hub.Moment, error) {
	d := value.NewDecoder(b)
	if d.Uint() != checkpointForm {
		return nil, errDocument
	}
	m := &hub.Moment{Clock: d.Int(), Next: journal.Offset(d.Uint()), Behind: map[string]journal.Offset{}}
	for range d.Count() {
		name := d.String()
		m.Behind[name] = journal.Offset(d.Uint())
	}
	if d.Err() != nil {
		return nil, errDocument
	}
	return m, nil
}

// loadCheckpoint reads the last checkpoint; without one the moment is nil. The
// document that cannot be read is left out and told.
func loadCheckpoint(st *store.Store, complain func(rule string, err error)) (*hub.Moment, map[string]*saved, error) {
	data, err := st.Document(momentDocuments, momentKey)
	if err != nil || data == nil {
		return nil, nil, err
	}
	m, err := decodeMoment(data)
	if err != nil { // then all that is in the journal comes again
		complain("", fmt.Errorf("the last checkpoint: %w", err))
		m = &hub.Moment{}
	}
	documents, err := st.Documents(stateDocuments)
	if err != nil {
		return nil, nil, err
	}
	states := make(map[string]*saved, len(documents))
	for _, d := range documents {
		s, err := decodeSaved(d.Data)
		if err != nil {
			complain(d.Key, err)
			continue
		}
		states[d.Key] = s
	}
	return m, states, nil
}
