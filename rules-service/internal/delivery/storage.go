package delivery

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"sync"
	"time"

	"sluice/rules-service/internal/journal"
)

// Storage is where messages wait while their target takes none, and where
// those go that it never takes. The zero value keeps all of it in memory.
type Storage struct {
	Dir      string        // a folder for each connection is made in it; "": messages wait in memory only
	MaxBytes int64         // of one connection on disk; default 1 GiB
	MaxAge   time.Duration // older messages are dropped and counted; default: none are
	// SyncEvery is the faster policy: see journal.Options.
	SyncEvery time.Duration

	DeadLetters     string // file for messages that no attempt brings through; "": they are only counted
	DeadLetterBytes int64  // of the file and the one before it together; default 64 MiB
}

const (
	defaultQueueBytes      = 1 << 30
	defaultDeadLetterBytes = 64 << 20
)

func (s *Storage) complete() {
	if s.MaxBytes <= 0 {
		s.MaxBytes = defaultQueueBytes
	}
	if s.DeadLetterBytes <= 0 {
		s.DeadLetterBytes = defaultDeadLetterBytes
	}
}

// folderOf is the folder of a connection.
func (s *Storage) folderOf(key string) string {
	if s.Dir == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(s.Dir, hex.EncodeToString(sum[:12]))
}

// journalOf describes the log of a folder. Bounds are kept by the backlog,
// which counts for each action what it drops.
func (s *Storage) journalOf(folder string) journal.Options {
	return journal.Options{Dir: folder, MaxBytes: s.MaxBytes, SyncEvery: s.SyncEvery}
}

// folders sees to it that a folder has one owner at a time: a worker may start
// while the one before it on the same connection still ends.
type folders struct {
	mu    sync.Mutex
	freed sync.Cond
	owned map[string]bool
}

func newFolders() *folders {
	f := &folders{owned: map[string]bool{}}
	f.freed.L = &f.mu
	return f
}

func (f *folders) acquire(folder string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.owned[folder] {
		f.freed.Wait()
	}
	f.owned[folder] = true
}

// tryAcquire tells whether the folder had no owner, and so has one now.
func (f *folders) tryAcquire(folder string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.owned[folder] {
		return false
	}
	f.owned[folder] = true
	return true
}

func (f *folders) release(folder string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.owned, folder)
	f.freed.Broadcast()
}
