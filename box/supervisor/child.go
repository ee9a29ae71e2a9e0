package supervisor

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"
)

// maxLine is the longest log line that is kept in one piece.
const maxLine = 64 << 10

// child is one run of a process.
type child struct {
	cmd   *exec.Cmd
	ended chan struct{}
	err   error // once ended is closed
}

func start(p Process, line func(process, line string)) (*child, error) {
	cmd := exec.Command(p.Path, p.Args...)
	cmd.Dir = p.Dir
	cmd.Env = append(os.Environ(), p.Env...)
	// A grandchild that inherits the pipes must not keep Wait from returning; a
	// busy machine takes a while to read a child's last words.
	cmd.WaitDelay = 5 * time.Second
	detach(cmd)
	read, write := io.Pipe()
	cmd.Stdout, cmd.Stderr = write, write
	c := &child{cmd: cmd, ended: make(chan struct{})}
	started := make(chan error, 1)
	go c.run(started, read, write, func(text string) { line(p.Name, text) })
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", p.Name, err)
	}
	return c, nil
}

// run starts the process and waits for it on one thread: the kernel ends the
// child together with the thread that started it.
func (c *child) run(started chan<- error, read *io.PipeReader, write *io.PipeWriter, line func(string)) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := c.cmd.Start(); err != nil {
		started <- err
		return
	}
	started <- nil
	var lines sync.WaitGroup
	lines.Go(func() { splitLines(read, line) })
	c.err = c.cmd.Wait()
	_ = write.Close() // never fails
	lines.Wait()
	close(c.ended)
}

// splitLines calls line for each line; those beyond maxLine come in pieces.
func splitLines(r io.Reader, line func(string)) {
	b := bufio.NewReaderSize(r, maxLine)
	for {
		text, _, err := b.ReadLine()
		if len(text) > 0 {
			line(string(text))
		}
		if err != nil {
			return
		}
	}
}

func (c *child) kill() { _ = c.cmd.Process.Kill() } // an error means that it has ended

func (c *child) terminate() {
	if err := terminate(c.cmd.Process); err != nil && !errors.Is(err, os.ErrProcessDone) {
		c.kill()
	}
}
