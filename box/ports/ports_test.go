package ports

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
)

func listen(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

func TestTakenPortsAreAllNamed(t *testing.T) {
	first, second := listen(t), listen(t)
	err := Check("127.0.0.1", []Port{{"the bus", first, "--bus"}, {"the cloud", second, "--cloud"}})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{fmt.Sprintf("port %d (the bus)", first), fmt.Sprintf("port %d (the cloud)", second), "--bus", "--cloud"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %q", want, err)
		}
	}
	if who := fmt.Sprintf("taken by pid %d (%.60s", os.Getpid(), os.Args[0]); runtime.GOOS == "linux" && !strings.Contains(err.Error(), who) {
		t.Errorf("no %q in %q", who, err)
	}
}

func TestPortThatIsWantedTwice(t *testing.T) {
	err := Check("127.0.0.1", []Port{{"the bus", 0, "--bus"}, {"the cloud", 0, "--cloud"}})
	if err == nil || err.Error() != "port 0 is both for the bus and for the cloud; choose another with --cloud" {
		t.Errorf("error %v", err)
	}
}

func TestFreePorts(t *testing.T) {
	if err := Check("127.0.0.1", []Port{{"anything", 0, "--any"}}); err != nil {
		t.Error(err)
	}
}

func TestWithoutProc(t *testing.T) {
	if who := ownerOf(t.TempDir(), 80); who != "" {
		t.Errorf("owner %q", who)
	}
}
