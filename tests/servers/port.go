package servers

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
)

// FreePort returns a port of loopback that nobody listens on, and that no test
// process gets again before this one has ended. It lies below the ephemeral
// range, where an outgoing connection could take it.
func FreePort(t testing.TB) int {
	t.Helper()
	for range 200 {
		p := 15000 + rand.IntN(17000)
		mine, err := reserve(p)
		if err != nil {
			t.Fatalf("reserve port %d: %v", p, err)
		}
		if mine && unused(p) {
			return p
		}
	}
	t.Fatal("no free port between 15000 and 32000")
	return 0
}

func unused(port int) bool {
	l, err := net.Listen("tcp", addr(port))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// reservations are the files that are locked for ports of this process.
var reservations struct {
	sync.Mutex
	files []*os.File
}

// reserve takes a port for this process; false: some process has it. Test
// processes run side by side, and a port may be used long after it was found,
// or again after its server was killed. The lock ends with the process.
func reserve(port int) (bool, error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprint("sluice-test-ports-", os.Getuid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return false, err
	}
	f, err := os.OpenFile(filepath.Join(dir, strconv.Itoa(port)), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return false, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if err == syscall.EWOULDBLOCK {
			return false, nil
		}
		return false, err
	}
	reservations.Lock()
	defer reservations.Unlock()
	reservations.files = append(reservations.files, f) // open for as long as the process lives
	return true, nil
}

func addr(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
