package file

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// owners are the sinks that write files: two of them would write over each
// other.
type owners struct {
	opened atomic.Int64 // files of all sinks

	mu    sync.Mutex
	paths map[string]*sink
}

func (o *owners) claim(path string, s *sink) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if owner := o.paths[path]; owner != nil && owner != s {
		return fmt.Errorf("file %s is written by an action with other properties; give both the same, or another path", path)
	}
	o.paths[path] = s
	return nil
}

func (o *owners) release(path string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.paths, path)
}
