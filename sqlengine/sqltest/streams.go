package sqltest

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"sluice/sqlengine"
	"sluice/sqlengine/diag"
)

// streams is a catalog.
type streams map[string]*sqlengine.Stream

// Stream returns the stream or table of that name.
func (s streams) Stream(name string) (*sqlengine.Stream, bool) { st, ok := s[name]; return st, ok }

// Names lists the streams and tables in order.
func (s streams) Names() []string { return slices.Sorted(maps.Keys(s)) }

func (s streams) unknown(name string) error { return unknown("stream", name, s.Names()) }

func parseStreams(src source) (streams, error) {
	list := streams{}
	texts, err := definitions(src)
	for _, text := range texts {
		for at, sql := range sqlengine.Statements(text.text) {
			if err := list.define(text, at, sql); err != nil {
				return nil, err
			}
		}
	}
	return list, err
}

// define adds the stream or table of a statement that stands at the offset.
func (s streams) define(src source, at int, sql string) error {
	st, err := sqlengine.ParseStatement(sql)
	if err != nil {
		return src.findings(at, err)
	}
	if st.Stream == nil {
		return src.wrap(at, fmt.Errorf("%s defines nothing; CREATE STREAM and CREATE TABLE do", st.Verb))
	}
	if _, twice := s[st.Name]; twice {
		return src.wrap(at, fmt.Errorf("stream %q is defined twice", st.Name))
	}
	s[st.Name] = st.Stream
	return nil
}

// unknown tells of a name that nothing has, and of the one that may be meant.
func unknown(kind, name string, known []string) error {
	text := fmt.Sprintf("unknown %s %q", kind, name)
	if near := diag.Nearest(name, known); near != "" {
		return fmt.Errorf("%s; did you mean %q?", text, near)
	}
	if len(known) == 0 {
		return errors.New(text)
	}
	return fmt.Errorf("%s; there are %q", text, known)
}
