package main

import (
	"bytes"
	"crypto/sha256"
	"time"
)

// longestPause is the longest time between two attempts to apply the same
// content.
const longestPause = time.Minute

// follow applies the files when their content changes, until the context ends.
// What was refused is tried again, after longer and longer pauses: a service may
// have been away, or something else in the way.
func (c *importKubeEdgeCmd) follow(s *session) error {
	f := follower{pause: c.Every}
	for {
		f.look(s, c)
		select {
		case <-s.ctx.Done():
			return nil
		case <-time.After(c.Every):
		}
	}
}

// follower knows what was applied.
type follower struct {
	pause   time.Duration
	tried   [sha256.Size]byte // content of the last attempt
	done    bool              // it was applied
	next    time.Time         // when to try again
	problem string            // as it was told
	wait    time.Duration
}

// look applies the files if there is a reason to.
func (f *follower) look(s *session, c *importKubeEdgeCmd) {
	files, err := s.manifests(c.Files, kubeEdgeEndings)
	if err != nil {
		f.tell(s, err)
		return
	}
	sum := digest(files)
	if sum == f.tried && (f.done || time.Now().Before(f.next)) {
		return
	}
	if sum != f.tried {
		if f.tried != ([sha256.Size]byte{}) {
			s.notef("%s the files have changed\n", time.Now().Format(time.TimeOnly))
		}
		f.wait, f.problem = f.pause, ""
	}
	var shown bytes.Buffer
	quiet := *s
	quiet.out = &shown
	err = c.send(&quiet, files, false)
	if err == nil || err.Error() != f.problem {
		s.printf("%s", shown.String())
	}
	f.tried, f.done = sum, err == nil
	f.next, f.wait = time.Now().Add(f.wait), min(2*f.wait, longestPause)
	if err == nil {
		f.problem = ""
		return
	}
	f.tell(s, err)
}

// tell tells of a problem once.
func (f *follower) tell(s *session, err error) {
	if s.ctx.Err() != nil || err.Error() == f.problem {
		return
	}
	f.problem = err.Error()
	s.notef("%s %v\n", time.Now().Format(time.TimeOnly), err)
}
