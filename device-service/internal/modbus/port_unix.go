//go:build unix

package modbus

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"time"
)

// port is a second handle on the serial line of a client, to throw away what
// the library would take for its next answer.
type port struct{ *os.File }

func openPort(w wire) (*port, error) {
	f, err := os.OpenFile(strings.TrimPrefix(w.endpoint, "rtu://"), os.O_RDONLY|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	return &port{f}, nil
}

// drain throws away what comes until nothing has come for the given time, and
// tells whether something did.
func (p *port) drain(silence time.Duration) (found bool, err error) {
	raw, err := p.SyscallConn()
	if err != nil {
		return false, err
	}
	buffer := make([]byte, 256)
	for end := time.Now().Add(mostSilences * silence); time.Now().Before(end); found = true {
		if err := p.SetReadDeadline(time.Now().Add(silence)); err != nil {
			return found, err
		}
		var n int
		var readErr error
		// os.File's own Read takes no bytes for the end of the file.
		waitErr := raw.Read(func(fd uintptr) bool {
			n, readErr = syscall.Read(int(fd), buffer)
			return n > 0 || readErr != nil && !errors.Is(readErr, syscall.EAGAIN)
		})
		switch {
		case errors.Is(waitErr, os.ErrDeadlineExceeded):
			return found, nil
		case waitErr != nil || readErr != nil:
			return found, errors.Join(waitErr, readErr)
		}
	}
	return found, errors.New("the line is never silent")
}
