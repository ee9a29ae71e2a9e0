package hub

import (
	"bytes"
	"strings"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// shelf keeps the newest messages of a scan table, for rules that come later
// than they: a rule on a table sees what the table holds, whoever had it
// loaded.
type shelf struct {
	rows int // that a rule keeps; 0: all
	msgs []connector.Inbound
}

// newShelf returns nil for a stream.
func newShelf(def *sqlengine.Stream) *shelf {
	if !def.Table {
		return nil
	}
	rows := def.Options.RetainSize
	if rows == 0 && !strings.EqualFold(def.Options.Type, "file") {
		rows = 1
	}
	return &shelf{rows: rows}
}

// put keeps a message that had a row, and forgets those whose rows no rule
// keeps any more.
func (s *shelf) put(m *connector.Inbound, t int64) {
	own := connector.Inbound{Payload: bytes.Clone(m.Payload), Time: time.Unix(0, t)}
	if m.Meta != nil {
		own.Meta = keptMeta{m.Meta.All()}
	}
	s.msgs = append(s.msgs, own)
	if gone := len(s.msgs) - s.rows; s.rows > 0 && gone > 0 {
		clear(s.msgs[:gone])
		s.msgs = s.msgs[gone:]
	}
}

// keptMeta is the metadata of a message that is gone.
type keptMeta struct{ all value.Value }

func (m keptMeta) All() value.Value { return m.all }
func (m keptMeta) Get(key string) value.Value {
	if m.all.Kind() != value.Object {
		return value.Missing
	}
	return m.all.Object().Get(key)
}

// kept are the rows of the table in the slots of the present layout; st.mu is
// held.
func (st *stream) kept() *value.Batch {
	if st.shelf == nil || len(st.shelf.msgs) == 0 {
		return nil
	}
	if err := st.ready(); err != nil {
		return nil // it is told with the next message
	}
	b := &value.Batch{Schema: st.layout.schema}
	for _, m := range st.shelf.msgs {
		b.Rows, _ = st.decoder.Decode(b.Rows, m.Payload, m.Meta, m.Time.UnixNano()) // wrong rows were counted when they came
	}
	return b
}

// tables are what the scan tables of a rule hold when it begins; the streams
// are locked. A state that has all rows of a table gets none twice.
func tables(streams []*stream, restored bool) map[string]*value.Batch {
	var list map[string]*value.Batch
	for _, st := range streams {
		if st.shelf == nil || restored && st.shelf.rows == 0 {
			continue
		}
		if b := st.kept(); b != nil {
			if list == nil {
				list = map[string]*value.Batch{}
			}
			list[st.def.Name] = b
		}
	}
	return list
}

// load gives a rule what its tables hold, before it gets rows of streams.
func load(run *sqlengine.Run, tables map[string]*value.Batch) error {
	for name, b := range tables {
		if err := run.Push(name, b); err != nil {
			return err
		}
	}
	return nil
}

// ScanTables are the rows that the rule keeps of its scan tables; nil when the
// hub is closed.
func (a *Attachment) ScanTables() []sqlengine.ScanTable {
	var list []sqlengine.ScanTable
	a.shard.call(func() {
		if !a.gone {
			list = a.run.ScanTables()
		}
	})
	return list
}
