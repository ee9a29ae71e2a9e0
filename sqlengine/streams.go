package sqlengine

import (
	"fmt"
	"maps"
	"slices"
)

// Streams is a Catalog of streams and tables by their names.
type Streams map[string]*Stream

// Define adds the streams and tables of CREATE statements, which are ended by
// semicolons. One that is there is replaced. What is wrong with a statement is
// a diag.List, with places in that statement.
func (s Streams) Define(statements string) error {
	for at, text := range Statements(statements) {
		st, err := ParseStatement(text)
		if err != nil {
			return fmt.Errorf("the statement at byte %d: %w", at, err)
		}
		if st.Stream == nil {
			return fmt.Errorf("the statement at byte %d: %s defines nothing; CREATE STREAM and CREATE TABLE do", at, st.Verb)
		}
		s[st.Name] = st.Stream
	}
	return nil
}

// Stream implements Catalog.
func (s Streams) Stream(name string) (*Stream, bool) { st, ok := s[name]; return st, ok }

// Names implements Catalog: the names in their order.
func (s Streams) Names() []string { return slices.Sorted(maps.Keys(s)) }
