package file

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"sluice/rules-service/internal/connector"
)

const (
	mostKnown = 256 // files of a sink that are not complete: paths come from data
	mostOpen  = 256 // files of all sinks: of those beyond, each is closed when it was written
)

// sink writes messages into files, one for each path.
type sink struct {
	config SinkConfig
	files  connector.Files
	log    *slog.Logger
	owners *owners
	layout layout
	packer *packer

	mu    sync.Mutex         // timers roll files
	known map[string]*output // by their path, without the time
	order []string           // of their last use, the oldest first
}

func newSink(c SinkConfig, env connector.Env, o *owners) (connector.Sink, error) {
	s := &sink{config: c, files: env.Files, log: env.Log, owners: o, known: map[string]*output{}}
	if !strings.Contains(string(c.Path), "{{") {
		if _, err := env.Files.Path(string(c.Path)); err != nil {
			return nil, err
		}
	}
	var err error
	if s.packer, err = newPacker(&s.config); err != nil {
		return nil, err
	}
	s.layout, err = newLayout(&s.config)
	return s, err
}

// Connect finds out whether there can be a folder; files are opened when there is
// something to write.
func (s *sink) Connect(context.Context) error {
	if strings.Contains(string(s.config.Path), "{{") {
		return nil
	}
	path, err := s.files.Path(string(s.config.Path))
	if err != nil {
		return err
	}
	return s.makeFolder(path)
}

func (s *sink) makeFolder(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("folder of the file: %w", err)
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a folder; name a file in it", path)
	}
	return nil
}

// Write returns when the messages are on disk.
func (s *sink) Write(ctx context.Context, msgs []connector.Outbound) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.park()
	if len(msgs) > 0 && msgs[0].Values == nil { // all go to one file
		return s.append(string(s.config.Path), msgs)
	}
	return s.distribute(msgs)
}

// distribute writes messages to their files. What fails in one does not concern
// the others.
func (s *sink) distribute(msgs []connector.Outbound) error {
	groups := map[string][]int{}
	var paths []string
	for i := range msgs {
		p := msgs[i].Value("path", string(s.config.Path))
		if groups[p] == nil {
			paths = append(paths, p)
		}
		groups[p] = append(groups[p], i)
	}
	if len(paths) == 1 {
		return s.append(paths[0], msgs)
	}
	failed := failures{}
	for _, p := range paths {
		part := make([]connector.Outbound, 0, len(groups[p]))
		for _, i := range groups[p] {
			part = append(part, msgs[i])
		}
		failed.add(s.append(p, part), groups[p])
	}
	return failed.err(len(msgs))
}

// append writes messages to the file of a path, or of several when it is rolled.
func (s *sink) append(name string, msgs []connector.Outbound) error {
	failed := failures{}
	for from := 0; from < len(msgs); {
		o, err := s.output(name)
		if err != nil {
			failed.add(err, places(from, len(msgs)))
			break
		}
		n, err := o.write(msgs[from:], func(i int, err error) { failed.add(&connector.Permanent{Err: err}, []int{from + i}) })
		if err != nil {
			s.drop(o)
			failed.retract(from)
			failed.add(fmt.Errorf("file %s: %w", o.path, err), places(from, len(msgs)))
			break
		}
		if from += n; o.full() {
			s.drop(o)
		}
	}
	return failed.err(len(msgs))
}

func places(from, to int) []int {
	list := make([]int, 0, to-from)
	for i := from; i < to; i++ {
		list = append(list, i)
	}
	return list
}

// Close closes all files.
func (s *sink) Close(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.known {
		s.drop(o)
	}
	return nil
}

// park closes the files while too many are open. Each is opened again when there
// is something to write.
func (s *sink) park() {
	if s.owners.opened.Load() <= mostOpen {
		return
	}
	for _, o := range s.known {
		o.close()
	}
}
