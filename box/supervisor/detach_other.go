//go:build !linux

package supervisor

import (
	"os"
	"os/exec"
)

// detach has nothing portable to do: a killed box leaves its children to the
// operating system here.
func detach(*exec.Cmd) {}

func terminate(p *os.Process) error { return p.Signal(os.Interrupt) }
