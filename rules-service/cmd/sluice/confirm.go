package main

import (
	"bufio"
	"fmt"
	"slices"
	"strings"
)

// confirm asks a question; everything but yes means no.
func (s *session) confirm(question string, args ...any) bool {
	s.notef("%s [y/N] ", fmt.Sprintf(question, args...))
	answer := make(chan string, 1)
	go func() { // reading cannot be interrupted; it ends with the program
		line, _ := bufio.NewReader(s.in).ReadString('\n') // no answer is no
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-s.ctx.Done():
		return false
	case a := <-answer:
		return slices.Contains([]string{"y", "yes"}, a)
	}
}
