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
// the library would take for its next answer, and for frames that the library
// does not have.
type port struct{ *os.File }

func openPort(w wire) (*port, error) {
	f, err := os.OpenFile(strings.TrimPrefix(w.endpoint, "rtu://"), os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	return &port{f}, nil
}

// Read reads what is there. os.File's own Read takes no bytes for the end of the
// file.
func (p *port) Read(b []byte) (n int, err error) {
	raw, err := p.SyscallConn()
	if err != nil {
		return 0, err
	}
	var readErr error
	waitErr := raw.Read(func(fd uintptr) bool {
		n, readErr = syscall.Read(int(fd), b)
		return n > 0 || readErr != nil && !errors.Is(readErr, syscall.EAGAIN)
	})
	if waitErr != nil || readErr != nil {
		return 0, errors.Join(waitErr, readErr)
	}
	return n, nil
}

// drain throws away what comes until nothing has come for the given time, and
// tells whether something did.
func (p *port) drain(silence time.Duration) (found bool, err error) {
	buffer := make([]byte, 256)
	for end := time.Now().Add(mostSilences * silence); time.Now().Before(end); found = true {
		if err := p.SetReadDeadline(time.Now().Add(silence)); err != nil {
			return found, err
		}
		_, err := p.Read(buffer)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return found, nil
		}
		if err != nil {
			return found, err
		}
	}
	return found, errors.New("the line is never silent")
}
