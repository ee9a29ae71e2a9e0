package main

import (
	"testing"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/store"
)

// Positions are there again after a restart, each by itself.
func TestPositions(t *testing.T) {
	dir := t.TempDir()
	open := func() (*store.Store, connector.Positions) {
		s, err := store.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		return s, positions{s}
	}
	s, p := open()
	if at, err := p.Position("a"); err != nil || at != nil {
		t.Fatalf("%q %v", at, err)
	}
	for source, at := range map[string]string{"a": "1", "b": "2"} {
		if err := p.SetPosition(source, []byte(at)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, p = open()
	defer s.Close()
	for source, want := range map[string]string{"a": "1", "b": "2", "c": ""} {
		if at, err := p.Position(source); err != nil || string(at) != want {
			t.Errorf("%s is at %q, %v", source, at, err)
		}
	}
}
