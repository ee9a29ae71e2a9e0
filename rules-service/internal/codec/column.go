package codec

import (
	"unicode/utf8"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// column is a slot of the schema with what is declared about it.
type column struct {
	name  string
	field *sqlengine.Field // nil: not declared
	texts interner
}

// layout sorts the slots of a schema by what fills them.
type layout struct {
	fields []column // by slot; name "" where the slot is no Field
	meta   []int
	whole  int            // slot, or -1
	named  []named        // columns that are Fields
	byName map[string]int // nil when a scan is faster
	blank  []value.Value  // of a row without any key
}

type named struct {
	name string
	slot int
}

// scanned is the number of columns up to which a scan beats a map.
const scanned = 8

func newLayout(s *value.Schema, declared []sqlengine.Field) *layout {
	l := &layout{fields: make([]column, len(s.Columns)), whole: -1, blank: make([]value.Value, len(s.Columns))}
	l.byName = map[string]int{}
	for i, c := range s.Columns {
		l.blank[i] = value.Missing
		switch c.Role {
		case value.Meta:
			l.meta = append(l.meta, i)
		case value.Whole:
			l.whole = i
		default:
			l.fields[i].name = c.Name
			l.byName[c.Name] = i
			l.named = append(l.named, named{c.Name, i})
			for j := range declared {
				if declared[j].Name == c.Name {
					l.fields[i].field = &declared[j]
				}
			}
			if f := l.fields[i].field; f != nil && !f.Default.IsNull() {
				l.blank[i] = f.Default
			}
		}
	}
	if len(l.byName) <= scanned {
		l.byName = nil
	}
	return l
}

// slot finds the column of a key; -1: no rule reads it.
func (l *layout) slot(key []byte) int {
	if l.byName != nil {
		if i, ok := l.byName[string(key)]; ok {
			return i
		}
		return -1
	}
	for i := range l.named {
		if l.named[i].name == string(key) {
			return l.named[i].slot
		}
	}
	return -1
}

func (l *layout) setMeta(cols []value.Value, s *value.Schema, meta Meta) {
	for _, i := range l.meta {
		switch {
		case meta == nil:
		case s.Columns[i].Name == "*":
			cols[i] = meta.All()
		default:
			cols[i] = meta.Get(s.Columns[i].Name)
		}
	}
}

// interned and internedSize bound what one column keeps for ever.
const (
	interned     = 256
	internedSize = 64
)

// interner gives equal texts of a column one string. A column with more than
// interned different texts is no set of names: from then on it only copies.
type interner struct {
	seen map[string]string
	off  bool
}

func (n *interner) text(b []byte) string {
	if n.off || len(b) > internedSize {
		return text(b)
	}
	if s, ok := n.seen[string(b)]; ok {
		return s
	}
	s := text(b)
	if n.seen == nil {
		n.seen = map[string]string{}
	}
	if len(n.seen) == interned {
		n.seen, n.off = nil, true
		return s
	}
	n.seen[s] = s // what is not UTF-8 is simply not found again
	return s
}

// text copies b; bytes that are not UTF-8 become U+FFFD, as in encoding/json.
func text(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return string([]rune(string(b)))
}
