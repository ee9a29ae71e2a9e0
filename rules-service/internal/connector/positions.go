package connector

// Positions keeps, over restarts, how far sources have come that remember it
// themselves because their transport does not.
type Positions interface {
	// Position is what SetPosition was last given for a source; nil: nothing.
	Position(source string) ([]byte, error)
	// SetPosition keeps a position; it is on disk when it returns.
	SetPosition(source string, at []byte) error
}
