// Package ports finds out, before anything starts, whether the ports that the
// box needs are free, and who has those that are not.
package ports

import (
	"errors"
	"fmt"
	"net"
	"strconv"
)

// Port is a port that something of the box will listen on.
type Port struct {
	Use    string // what it is for
	Number int
	Flag   string // that chooses another
}

// Check returns an error that names every port that is taken, by whom, and
// what to do.
func Check(host string, all []Port) error {
	var wrong []error
	uses := map[int]string{}
	for _, p := range all {
		if other, twice := uses[p.Number]; twice {
			wrong = append(wrong, fmt.Errorf("port %d is both for %s and for %s; choose another with %s", p.Number, other, p.Use, p.Flag))
			continue
		}
		uses[p.Number] = p.Use
		if err := check(host, p); err != nil {
			wrong = append(wrong, err)
		}
	}
	return errors.Join(wrong...)
}

func check(host string, p Port) error {
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(p.Number)))
	if err == nil {
		return l.Close()
	}
	if owner := ownerOf("/proc", p.Number); owner != "" {
		return fmt.Errorf("port %d (%s) is taken by %s; end it or choose another port with %s", p.Number, p.Use, owner, p.Flag)
	}
	return fmt.Errorf("port %d (%s): %w; choose another with %s", p.Number, p.Use, err, p.Flag)
}
