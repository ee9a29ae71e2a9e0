package metadata

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
)

// tables is all there is, by name. A table is never changed in place by
// anyone who did not get it from change.
type tables struct {
	Services map[string]dtos.DeviceService    `json:"services"`
	Profiles map[string]dtos.DeviceProfile    `json:"profiles"`
	Devices  map[string]dtos.Device           `json:"devices"`
	Watchers map[string]dtos.ProvisionWatcher `json:"provisionWatchers"`

	news []news // of an edit that is under way
}

// tell notes what the device services are to hear of once the edit is on disk.
func (t *tables) tell(n news) { t.news = append(t.news, n) }

func (t tables) clone() tables {
	return tables{
		Services: maps.Clone(t.Services), Profiles: maps.Clone(t.Profiles),
		Devices: maps.Clone(t.Devices), Watchers: maps.Clone(t.Watchers),
	}
}

// store keeps the tables in one file. What change returned without error is
// on disk, and the file is always whole: a new one is written beside it and
// takes its place. Changes that come while one is written are written together.
type store struct {
	path    string
	replace func(path string, text []byte) error // replaceFile

	waiting queue
	writing sync.Mutex // one writes for all that wait
	texts   texts      // owned by that one

	mu  sync.RWMutex // of now, which only the one who writes replaces
	now tables
}

func openStore(path string) (*store, error) {
	s := &store{path: path, replace: replaceFile}
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, fmt.Errorf("open metadata: %w", err)
		}
	case err != nil:
		return nil, fmt.Errorf("open metadata: %w", err)
	default:
		if err := json.Unmarshal(text, &s.now); err != nil {
			return nil, fmt.Errorf("open metadata: %s: %w; move the file away to start anew", path, at(text, err))
		}
	}
	s.now = s.now.filled()
	return s, nil
}

// filled puts an empty map where the file had none.
func (t tables) filled() tables {
	if t.Services == nil {
		t.Services = map[string]dtos.DeviceService{}
	}
	if t.Profiles == nil {
		t.Profiles = map[string]dtos.DeviceProfile{}
	}
	if t.Devices == nil {
		t.Devices = map[string]dtos.Device{}
	}
	if t.Watchers == nil {
		t.Watchers = map[string]dtos.ProvisionWatcher{}
	}
	return t
}

// view returns the tables as they are; they stay so.
func (s *store) view() tables {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.now
}

// change lets edit alter a copy, puts it on disk and announces its news before
// those of any later change. An error of edit or of the disk leaves everything
// as it was. An edit that has no news has changed nothing.
func (s *store) change(edit func(*tables) error, announce func([]news)) error {
	c := &change{edit: edit, announce: announce, err: errNotWritten}
	s.waiting.join(c)
	s.writing.Lock()
	defer s.writing.Unlock()
	if !c.done { // by one who wrote before
		s.write(s.waiting.leave())
	}
	return c.err
}

// write carries changes out, in their order.
func (s *store) write(all []*change) {
	next, changed := s.now, false
	for _, c := range all {
		try := next.clone()
		c.done, c.err = true, c.edit(&try)
		if c.err != nil || try.news == nil {
			continue
		}
		c.news, try.news = try.news, nil
		next, changed = try, true
	}
	if !changed {
		return
	}
	if err := s.save(next); err != nil {
		for _, c := range all {
			c.err = err
		}
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = next
	for _, c := range all {
		if c.news != nil {
			c.announce(c.news)
		}
	}
}

func (s *store) save(t tables) error {
	text, err := s.texts.of(t)
	if err == nil {
		err = s.replace(s.path, text)
	}
	if err != nil {
		return fmt.Errorf("save metadata: %w", err)
	}
	return nil
}

// replaceFile survives a loss of power at any moment: the old text or the new.
func replaceFile(path string, text []byte) error {
	temp := path + ".new"
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) // protocols can hold passwords
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
