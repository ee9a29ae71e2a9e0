package store

import (
	"bytes"

	"go.etcd.io/bbolt"
)

// Document returns one document of a kind; nil: there is none.
func (s *Store) Document(kind, key string) (data []byte, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		if b := tx.Bucket(documents(kind)); b != nil {
			data = bytes.Clone(b.Get([]byte(key)))
		}
		return nil
	})
	return data, wrap("read", documents(kind), key, err)
}
