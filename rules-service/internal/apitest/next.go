package apitest

import (
	"testing"
	"time"
)

// Next waits for the next message of the sink of tests and returns it.
func (s *Service) Next(t testing.TB) string {
	t.Helper()
	select {
	case got := <-s.memory.out:
		return got
	case <-time.After(patience):
		t.Fatal("no message")
		return ""
	}
}
