package store

import (
	"errors"
	"testing"
)

// A change that fails leaves nothing behind.
func TestUpdateIsAllOrNothing(t *testing.T) {
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	no := errors.New("no")
	err = s.Update(func(tx *Tx) error {
		return errors.Join(tx.PutRule(Rule{ID: "r", Text: "{}"}), tx.PutDocument("kind", Document{"k", []byte("v")}), no)
	})
	if !errors.Is(err, no) {
		t.Fatal(err)
	}
	rules, err := s.Rules()
	docs, e := s.Documents("kind")
	if len(rules)+len(docs) > 0 || err != nil || e != nil {
		t.Error(rules, docs, err, e)
	}
}

func TestDocuments(t *testing.T) {
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, d := range []Document{{"b", []byte("2")}, {"a", []byte("1")}, {"b", []byte("3")}} {
		if err := s.PutDocument("kind", d); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.DeleteDocument("kind", "none"), s.DeleteDocument("other", "none"), s.PutDocument("other", Document{"c", nil})); err != nil {
		t.Fatal(err)
	}
	docs, err := s.Documents("kind")
	if err != nil || len(docs) != 2 || docs[0].Key != "a" || string(docs[1].Data) != "3" {
		t.Fatal(docs, err)
	}
	if err := s.DeleteDocument("kind", "a"); err != nil {
		t.Fatal(err)
	}
	if docs, err = s.Documents("kind"); err != nil || len(docs) != 1 {
		t.Error(docs, err)
	}
}
