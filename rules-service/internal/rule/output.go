package rule

import (
	"encoding/json"
	"fmt"
	"strings"

	"sluice/rules-service/internal/codec"
	"sluice/sqlengine/value"
)

// Column is a column of what a rule yields.
type Column struct {
	HasIndex bool   `json:"hasIndex"`
	Index    int    `json:"index"`
	Type     string `json:"type,omitempty"` // when it is known beforehand
}

// Output tells the columns of what a rule yields. Those that * takes from a
// stream without a schema are not known beforehand.
func (m *Manager) Output(id string) (map[string]Column, error) {
	r, err := m.find(id)
	if err != nil {
		return nil, err
	}
	m.change.RLock()
	defer m.change.RUnlock()
	q, err := m.checker(m.catalog).compile(r.look().def)
	if err != nil {
		return nil, err
	}
	columns := map[string]Column{}
	for i, c := range q.Output().Columns {
		if c.Role == value.Whole {
			continue
		}
		out := Column{HasIndex: true, Index: i}
		if c.Kind != value.Null {
			out.Type = strings.ToLower(c.Kind.String())
		}
		columns[c.Name] = out
	}
	return columns, nil
}

// Rewind would set back a source of a rule.
func (m *Manager) Rewind(id, stream string) error {
	r, err := m.find(id)
	if err != nil {
		return err
	}
	s := r.look()
	if !s.running() {
		return fmt.Errorf("rule %s does not run; only a running one can be set back", id)
	}
	for _, src := range s.figures().hub.Sources {
		if src.Stream != stream {
			continue
		}
		def, err := m.Stream(stream)
		if err != nil {
			return err
		}
		return fmt.Errorf("stream %s cannot be set back: sources of type %s do not keep what they have sent", stream, def.Options.Type)
	}
	return fmt.Errorf("rule %s does not read a stream %q", id, stream)
}

// TableRow is a row that a rule keeps of a scan table.
type TableRow struct {
	Table   string          `json:"emitter"`
	Content json.RawMessage `json:"content"`
}

// ScanTables are the rows that a running rule keeps of scan tables.
func (m *Manager) ScanTables(id string) ([]TableRow, error) {
	r, err := m.find(id)
	if err != nil {
		return nil, err
	}
	s := r.look()
	if !s.running() {
		return nil, fmt.Errorf("rule %s does not run; only a running one keeps rows of tables", id)
	}
	list := []TableRow{}
	for _, table := range s.run.attachment.ScanTables() {
		for _, row := range table.Rows {
			content, err := codec.AppendJSON(nil, table.Schema, row)
			if err != nil {
				return nil, fmt.Errorf("table %s: %w", table.Name, err)
			}
			list = append(list, TableRow{table.Name, content})
		}
	}
	return list, nil
}
