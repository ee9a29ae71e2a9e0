package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"
)

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestDefinitionsSurviveReopening(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := open(t, dir)
	for _, err := range []error{
		s.PutStream(Stream{Name: "demo", SQL: "CREATE STREAM demo () WITH (TYPE=\"x\")"}),
		s.PutRule(Rule{ID: "r2", Text: `{"id":"r2"}`, Triggered: true}),
		s.PutRule(Rule{ID: "r1", Text: "{ \"id\":\"r1\" }\n", Triggered: false}),
		s.PutRule(Rule{ID: "gone", Text: "{}"}),
		s.DeleteRule("gone"),
		s.DeleteRule("never there"),
		s.PutStream(Stream{Name: "old", SQL: "x"}),
		s.DeleteStream("old"),
		s.Close(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	s = open(t, dir)
	streams, err := s.Streams()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Stream{{Name: "demo", SQL: "CREATE STREAM demo () WITH (TYPE=\"x\")"}}, streams); diff != "" {
		t.Error(diff)
	}
	rules, err := s.Rules()
	if err != nil {
		t.Fatal(err)
	}
	want := []Rule{{ID: "r1", Text: "{ \"id\":\"r1\" }\n"}, {ID: "r2", Text: `{"id":"r2"}`, Triggered: true}}
	if diff := cmp.Diff(want, rules); diff != "" {
		t.Error(diff)
	}
}

func TestFileIsPrivate(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	info, err := os.Stat(filepath.Join(dir, File))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestNewerLayoutIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	err := s.db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket(metaBucket).Put(versionKey, binary.BigEndian.AppendUint32(nil, version+1))
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err = Open(dir); err == nil || !strings.Contains(err.Error(), "newer than this program's") {
		t.Errorf("error %v", err)
	}
}

func TestSecondProcessIsToldWhy(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "another process has it open") {
		t.Errorf("error %v", err)
	}
}

func TestDamagedFileIsAnError(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, File), []byte(strings.Repeat("not a store ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil {
		t.Error("a damaged file was opened")
	}
}

// TestDamagedFile cuts and overwrites the file: Open says what to do, and does
// not panic.
func TestDamagedFile(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		if err := s.PutRule(Rule{ID: fmt.Sprint("rule", i), Text: strings.Repeat("x", 500)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(filepath.Join(dir, File))
	if err != nil {
		t.Fatal(err)
	}
	damage := map[string]func([]byte) []byte{
		"cut":     func(b []byte) []byte { return b[:20000] },
		"garbage": func(b []byte) []byte { return bytes.Repeat([]byte("garbage!"), len(b)/8) },
		"flipped": func(b []byte) []byte {
			for i := 2 * os.Getpagesize(); i < len(b); i += 97 {
				b[i] ^= 0xff
			}
			return b
		},
	}
	for name, f := range damage {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, File), f(bytes.Clone(good)), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "move it away") {
				t.Errorf("opening a damaged file: %v", err)
			}
		})
	}
}
