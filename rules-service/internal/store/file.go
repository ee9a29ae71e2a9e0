package store

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// errDamaged says what to do about a file that cannot be read.
var errDamaged = errors.New("the file is damaged: put back a copy of it, or move it away to start without streams and rules")

// mapped is what is mapped of the file at once: as it grows beyond that, all of
// a change that is going on is copied each time. Where the file is smaller no
// memory is used.
const mapped = 64 << 20

// openFile opens the database and reads it through once, so that damage shows
// here and not in the middle of the work. bbolt panics on a damaged page, and
// the memory it maps faults beyond the end of a file that was cut: both come
// back as errors.
func openFile(path string) (db *bbolt.DB, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			db, err = nil, fmt.Errorf("%w (%v)", errDamaged, p)
		}
	}()
	db, err = bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second, InitialMmapSize: mapped})
	switch {
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		return nil, fmt.Errorf("%w (%w)", errDamaged, err)
	case err != nil:
		return nil, err
	}
	if err = errors.Join(db.View(whole), db.Update(prepare)); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, db.View(readable)
}

// whole checks that the file is as long as its contents say.
func whole(tx *bbolt.Tx) error {
	info, err := os.Stat(tx.DB().Path())
	if err == nil && info.Size() < tx.Size() {
		err = fmt.Errorf("%w (%d of %d bytes are left)", errDamaged, info.Size(), tx.Size())
	}
	return err
}

// readable visits every entry.
func readable(tx *bbolt.Tx) error {
	return tx.ForEach(func(_ []byte, b *bbolt.Bucket) error {
		return b.ForEach(func(_, _ []byte) error { return nil })
	})
}
