package main

import "sluice/rules-service/internal/store"

// positionKind is the kind of documents that are positions of sources.
const positionKind = "position"

// positions keeps those of sources in the store.
type positions struct{ store *store.Store }

// Position implements connector.Positions.
func (p positions) Position(source string) ([]byte, error) {
	return p.store.Document(positionKind, source)
}

// SetPosition implements connector.Positions.
func (p positions) SetPosition(source string, at []byte) error {
	return p.store.PutDocument(positionKind, store.Document{Key: source, Data: at})
}
