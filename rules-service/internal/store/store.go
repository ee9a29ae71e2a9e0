// Package store keeps the definitions of streams and rules in one file on
// disk: the text as it was sent, and what is wanted of it; and documents of
// other kinds, such as configuration keys and checkpoints.
package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// File is the name of the store's file in the data directory.
const File = "sluice.db"

// version is the layout of the file. Open refuses newer ones, so that going back
// to an older program loses nothing.
const version = 1

var (
	metaBucket    = []byte("meta")
	streamsBucket = []byte("streams")
	rulesBucket   = []byte("rules")
	versionKey    = []byte("version")
)

// Stream is a stored stream or table.
type Stream struct {
	Name string `json:"-"`
	SQL  string `json:"sql"` // the CREATE statement, as it was sent
}

// Rule is a stored rule.
type Rule struct {
	ID        string `json:"-"`
	Text      string `json:"text"`      // the rule's JSON, as it was sent
	Triggered bool   `json:"triggered"` // whether it is wanted to run
}

// Store is the file. It is safe for concurrent use; every change is on disk
// when the call returns.
type Store struct{ db *bbolt.DB }

// Open opens the store in dir, and makes both when they are not there.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	path := filepath.Join(dir, File)
	db, err := openFile(path)
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, fmt.Errorf("open store %s: another process has it open; give each service its own DataDir", path)
	}
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	return &Store{db}, nil
}

// prepare makes the buckets and checks the version.
func prepare(tx *bbolt.Tx) error {
	for _, name := range [][]byte{metaBucket, streamsBucket, rulesBucket} {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	meta := tx.Bucket(metaBucket)
	found := meta.Get(versionKey)
	switch {
	case found == nil:
		return meta.Put(versionKey, binary.BigEndian.AppendUint32(nil, version))
	case len(found) != 4:
		return errors.New("version entry is damaged")
	case binary.BigEndian.Uint32(found) > version:
		return fmt.Errorf("layout %d is newer than this program's %d; use a newer program", binary.BigEndian.Uint32(found), version)
	}
	return nil
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// Streams returns all streams, sorted by name.
func (s *Store) Streams() ([]Stream, error) {
	var all []Stream
	err := s.each(streamsBucket, func(name string, data []byte) error {
		st := Stream{Name: name}
		err := json.Unmarshal(data, &st)
		all = append(all, st)
		return err
	})
	return all, err
}

// Rules returns all rules, sorted by id.
func (s *Store) Rules() ([]Rule, error) {
	var all []Rule
	err := s.each(rulesBucket, func(id string, data []byte) error {
		r := Rule{ID: id}
		err := json.Unmarshal(data, &r)
		all = append(all, r)
		return err
	})
	return all, err
}

// Document is an entry of a kind of its own.
type Document struct {
	Key  string
	Data []byte
}

// Documents returns all documents of a kind, sorted by key.
func (s *Store) Documents(kind string) ([]Document, error) {
	var all []Document
	err := s.each(documents(kind), func(key string, data []byte) error {
		all = append(all, Document{key, bytes.Clone(data)})
		return nil
	})
	return all, err
}

func (s *Store) each(bucket []byte, f func(key string, data []byte) error) error {
	return s.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucket)
		if b == nil {
			return nil // no document of that kind was ever put
		}
		return b.ForEach(func(k, v []byte) error {
			return wrap("read", bucket, string(k), f(string(k), v))
		})
	})
}

func wrap(verb string, bucket []byte, key string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s/%s: %w", verb, bucket, key, err)
}
