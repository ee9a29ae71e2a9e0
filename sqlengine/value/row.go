package value

// Schema names and types the slots of a Row. It is immutable.
type Schema struct{ Columns []Column }

// Role tells what a column holds.
type Role uint8

const (
	// Field is a column of the stream or of a result.
	Field Role = iota
	// Meta is a key of the message's metadata, what meta(key) reads: topic,
	// deviceName … "*" is all of them as one STRUCT.
	Meta
	// Whole is the whole row as one STRUCT, what * reads on a schemaless
	// stream. In a result its fields stand beside the other columns, which win
	// over a field of the same name. Its name is "*".
	Whole
)

// Column is one slot.
type Column struct {
	Name string
	Kind Kind // Null: not known before run time
	Role Role
}

// Slot returns the index of the column of that name and role.
func (s *Schema) Slot(name string, role Role) (int, bool) {
	for i := range s.Columns {
		if s.Columns[i].Name == name && s.Columns[i].Role == role {
			return i, true
		}
	}
	return 0, false
}

// A Row is one event. Rows are immutable once pushed: rules share them, and
// any of them may keep Cols.
type Row struct {
	Time int64 // nanoseconds since 1970: of arrival, or of the event in event time
	Cols []Value
}

// A Batch carries rows of one schema through a chain of operators.
//
// The Batch and its Rows slice are borrowed: the receiver may use them until
// Push returns. To keep rows longer it copies the slice, not the rows, and
// takes a hold of Ack. The Cols of a row and what they refer to are immutable
// and may be kept.
type Batch struct {
	Schema *Schema
	Rows   []Row
	Ack    *Ack // nil when the source does not ask for acknowledgement
}
