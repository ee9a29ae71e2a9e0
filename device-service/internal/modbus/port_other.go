//go:build !unix

package modbus

import (
	"errors"
	"time"
)

// port has no second handle here: the line is silent, but not drained.
type port struct{}

func openPort(wire) (*port, error) { return &port{}, nil }

func (p *port) drain(silence time.Duration) (found bool, err error) {
	time.Sleep(silence)
	return false, nil
}

func (p *port) Close() error { return nil }

var errNoHandle = errors.New("modbus-ascii is not available on this operating system")

func (p *port) Read([]byte) (int, error)    { return 0, errNoHandle }
func (p *port) Write([]byte) (int, error)   { return 0, errNoHandle }
func (p *port) SetDeadline(time.Time) error { return nil }
