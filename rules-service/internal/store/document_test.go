package store

import "testing"

func TestOneDocument(t *testing.T) {
	s := open(t, t.TempDir())
	if data, err := s.Document("state", "r"); data != nil || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	for _, text := range []string{"one", "two"} {
		if err := s.Update(func(tx *Tx) error { return tx.PutDocument("state", Document{Key: "r", Data: []byte(text)}) }); err != nil {
			t.Fatal(err)
		}
		if data, err := s.Document("state", "r"); string(data) != text || err != nil {
			t.Errorf("%q, %v", data, err)
		}
	}
	if data, err := s.Document("state", "other"); data != nil || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Document("state", "r"); err == nil {
		t.Error("read from a closed store")
	}
}
