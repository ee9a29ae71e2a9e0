package reconcile_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluice/rules-service/internal/apitest"
	"sluice/rules-service/internal/reconcile"
)

func startBuiltin(t *testing.T) *apitest.Service { return apitest.StartBuiltin(t, t.TempDir(), "") }

// What is no file, too large, or a link that leads back harms nobody.
func TestHostileFolder(t *testing.T) {
	b := start(t)
	b.write("good.sql", stream("good"))
	b.write("sub/also.sql", stream("also"))
	b.write("binary.json", "\xff\xfe{}")
	b.write("deep.json", strings.Repeat("[", 100_000))
	b.write("marked.sql", "\ufeff"+stream("marked"))
	huge := filepath.Join(b.folder, "huge.json")
	if err := os.WriteFile(huge, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(huge, 1<<40); err != nil { // a hole
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(b.folder, "pipe.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"loop": ".", "sub/up": "..", "self.sql": "self.sql", "nowhere.json": "nowhere", "link.sql": "sub/also.sql", "zero.sql": "/dev/zero"} {
		if err := os.Symlink(to, filepath.Join(b.folder, link)); err != nil {
			t.Fatal(err)
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b.look()
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 256<<20 {
		t.Errorf("%d MiB were used", used>>20)
	}
	b.want("good.sql", reconcile.Applied, "")
	b.want("marked.sql", reconcile.Applied, "")
	b.want("link.sql", reconcile.Applied, "")
	b.want("sub/also.sql", reconcile.Failed, "it is defined in link.sql already")
	b.want("binary.json", reconcile.Failed, "it is not UTF-8")
	b.want("deep.json", reconcile.Failed, "exceeded max depth")
	b.want("huge.json", reconcile.Failed, "it is larger than 8388608 bytes")
	b.want("pipe.json", reconcile.Failed, "it is no regular file")
	b.want("zero.sql", reconcile.Failed, "it is no regular file")
	b.want("nowhere.json", reconcile.Failed, "no such file")
	b.want("self.sql", reconcile.Failed, "too many levels of symbolic links")
	if n := len(b.Files.Status().Files); n != 11 {
		t.Errorf("%d files", n)
	}
}

// Files together are bounded, too.
func TestFolderIsBounded(t *testing.T) {
	b := start(t)
	b.write("0.sql", stream("first"))
	for _, name := range []string{"a.sql", "b.sql", "c.sql", "d.sql", "e.sql", "f.sql", "g.sql", "h.sql"} {
		b.write(name, "")
		if err := os.Truncate(filepath.Join(b.folder, name), 8<<20); err != nil { // a hole
			t.Fatal(err)
		}
	}
	b.look()
	b.want("0.sql", reconcile.Applied, "")
	b.want("h.sql", reconcile.Failed, "the files of the folder are larger than 67108864 bytes")
}

// A file that cannot be read for a while is not applied again.
func TestFileThatCannotBeReadForAWhile(t *testing.T) {
	b := start(t)
	b.write("s.sql", stream("s"))
	b.look()
	real := filepath.Join(b.folder, "s.sql")
	if err := os.Rename(real, real+".moved"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", real); err != nil {
		t.Fatal(err)
	}
	b.look()
	b.want("s.sql", reconcile.Failed, "no such file")
	if err := os.Rename(real+".moved", real); err != nil {
		t.Fatal(err)
	}
	b.call("DELETE", "/streams/s", "")
	b.look()
	b.want("s.sql", reconcile.Applied, "")
	b.hasNot("/streams/s")
}

// The goroutine ends, and a change of the options is taken at once.
func TestNothingIsLeftBehind(t *testing.T) {
	b := start(t)
	b.look()
	before := runtime.NumGoroutine()
	for range 50 {
		b.Files.Start()
		b.Files.Close()
	}
	eventually(t, func() bool { return runtime.NumGoroutine() <= before })
	b.Files.SetOptions(reconcile.Options{Interval: time.Hour})
	b.Files.Start()
	defer b.Files.Close()
	eventually(t, func() bool { return b.Files.Status().Folder == "" })
	b.write("s.sql", stream("s"))
	b.set(reconcile.Options{})
	eventually(t, func() bool { return b.exists("/streams/s") })
}

func TestFigures(t *testing.T) {
	b := start(t)
	b.write("s.sql", stream("s"))
	b.write("r.json", ruleOn("r", "nowhere", "a > 1"))
	b.look()
	for _, line := range []string{`sluice_reconcile_files{state="applied"} 1`, `sluice_reconcile_files{state="failed"} 1`, `sluice_reconcile_files{state="pending"} 0`,
		`sluice_reconcile_failures_total `, `sluice_reconcile_folder_failing 0`} {
		b.has("/metrics", line)
	}
	if err := os.RemoveAll(b.folder); err != nil {
		t.Fatal(err)
	}
	b.look()
	b.has("/metrics", `sluice_reconcile_folder_failing 1`)
}
