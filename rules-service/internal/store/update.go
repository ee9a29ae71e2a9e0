package store

import (
	"encoding/json"

	"go.etcd.io/bbolt"
)

// Tx is a change of the store.
type Tx struct{ tx *bbolt.Tx }

// Update makes the changes of f: all of them, on disk when it returns, or none
// when f or the disk fails. f must not call the Store.
func (s *Store) Update(f func(*Tx) error) error {
	return s.db.Update(func(tx *bbolt.Tx) error { return f(&Tx{tx}) })
}

// PutStream adds or replaces a stream.
func (t *Tx) PutStream(st Stream) error { return t.put(streamsBucket, st.Name, st) }

// DeleteStream removes a stream; one that is not there is no error.
func (t *Tx) DeleteStream(name string) error { return t.delete(streamsBucket, name) }

// PutRule adds or replaces a rule.
func (t *Tx) PutRule(r Rule) error { return t.put(rulesBucket, r.ID, r) }

// DeleteRule removes a rule; one that is not there is no error.
func (t *Tx) DeleteRule(id string) error { return t.delete(rulesBucket, id) }

// PutDocument adds or replaces a document of a kind. The data must not change
// before Update returns.
func (t *Tx) PutDocument(kind string, d Document) error {
	bucket := documents(kind)
	b, err := t.tx.CreateBucketIfNotExists(bucket)
	if err == nil {
		err = b.Put([]byte(d.Key), d.Data)
	}
	return wrap("write", bucket, d.Key, err)
}

// DeleteDocument removes a document; one that is not there is no error.
func (t *Tx) DeleteDocument(kind, key string) error {
	bucket := documents(kind)
	if t.tx.Bucket(bucket) == nil {
		return nil
	}
	return t.delete(bucket, key)
}

// documents is the bucket of a kind.
func documents(kind string) []byte { return []byte("documents/" + kind) }

func (t *Tx) put(bucket []byte, key string, entry any) error {
	data, err := json.Marshal(entry)
	if err == nil {
		err = t.tx.Bucket(bucket).Put([]byte(key), data)
	}
	return wrap("write", bucket, key, err)
}

func (t *Tx) delete(bucket []byte, key string) error {
	return wrap("delete", bucket, key, t.tx.Bucket(bucket).Delete([]byte(key)))
}

// PutStream is Update with Tx.PutStream alone.
func (s *Store) PutStream(st Stream) error {
	return s.Update(func(t *Tx) error { return t.PutStream(st) })
}

// DeleteStream is Update with Tx.DeleteStream alone.
func (s *Store) DeleteStream(name string) error {
	return s.Update(func(t *Tx) error { return t.DeleteStream(name) })
}

// PutRule is Update with Tx.PutRule alone.
func (s *Store) PutRule(r Rule) error {
	return s.Update(func(t *Tx) error { return t.PutRule(r) })
}

// DeleteRule is Update with Tx.DeleteRule alone.
func (s *Store) DeleteRule(id string) error {
	return s.Update(func(t *Tx) error { return t.DeleteRule(id) })
}

// PutDocument is Update with Tx.PutDocument alone.
func (s *Store) PutDocument(kind string, d Document) error {
	return s.Update(func(t *Tx) error { return t.PutDocument(kind, d) })
}

// DeleteDocument is Update with Tx.DeleteDocument alone.
func (s *Store) DeleteDocument(kind, key string) error {
	return s.Update(func(t *Tx) error { return t.DeleteDocument(kind, key) })
}
