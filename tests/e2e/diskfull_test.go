package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

const (
	fewAlarms  = 50
	manyAlarms = 500 // fewer than memory holds
)

// TestDiskFull fills the disk below a service whose target is away. As the page
// on operating has it: the service goes on in memory, says so once, and refuses
// rules that it cannot keep; nothing is lost, and nothing has to be restarted.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	broker := servers.Mosquitto(t)
	web := newWebSink(t)
	web.stop()
	r := stack.NewRules(t, stack.Bus{Type: "mqtt", Port: broker.Port})
	r.Stop(stack.Patience)
	disk := smallDisk(t, filepath.Join(r.Dir(), "data"))
	r.Restart(t)
	install(t, r, broker.Addr(), web.addr)
	sender := client(t, "tcp://"+broker.Addr(), "sender")
	send(t, sender, 1, fewAlarms)
	arrived(t, r, fewAlarms)

	disk.fill(t)
	send(t, sender, fewAlarms+1, manyAlarms)
	stack.Eventually(t, func(context.Context) error {
		disk.fill(t) // what was given back since
		return logged(r, "the queue on disk cannot be used; messages wait in memory", "the intake journal cannot be used")
	})
	arrived(t, r, manyAlarms)
	large := fmt.Sprintf(`{"id":"large","sql":"SELECT N FROM plant","actions":[{"log":{}}],"name":"%s"}`, strings.Repeat("x", 200_000))
	status, text, err := stack.Call(t.Context(), "POST", r.API+"/rules", large)
	if err != nil || status/100 == 2 || !strings.Contains(text, "no space left on device") {
		t.Errorf("a rule for which there is no room: %d %s %v", status, text, err)
	}

	disk.free(t)
	stack.MustCall(t, 201, "POST", r.API+"/rules", large)
	web.start(t)
	stack.Eventually(t, func(context.Context) error {
		if n := web.seen.count(); n < manyAlarms {
			return fmt.Errorf("%d of %d alarms came", n, manyAlarms)
		}
		return nil
	})
	if web.seen.wrong != "" || web.seen.twice != 0 {
		t.Errorf("%d alarms came twice; %s", web.seen.twice, web.seen.wrong)
	}
	if !r.Running() {
		t.Error("the service has ended")
	}
}

// logged is nil when the service has said each of the lines once.
func logged(r *stack.Rules, lines ...string) error {
	for _, line := range lines {
		if n := strings.Count(r.Output(), line); n != 1 {
			return fmt.Errorf("%q was logged %d times", line, n)
		}
	}
	return nil
}

// disk is a small file system.
type disk struct{ dir string }

// smallDisk mounts one, which takes root.
func smallDisk(t *testing.T, dir string) disk {
	t.Helper()
	if os.Geteuid() != 0 && os.Getenv("CI") != "true" {
		t.Skip("mounting a small disk takes root")
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return disk{dir}
}

// fill leaves not a byte.
func (d disk) fill(t *testing.T) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(d.dir, "ballast"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}

func (d disk) free(t *testing.T) {
	t.Helper()
	if err := os.Remove(filepath.Join(d.dir, "ballast")); err != nil {
		t.Fatal(err)
	}
}
