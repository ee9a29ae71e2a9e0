package reconcile_test

import (
	"os"
	"testing"
	"time"

	"sluice/rules-service/internal/apitest"
	"sluice/rules-service/internal/reconcile"
)

// Without prune nothing is deleted, but shown; with it what came from elsewhere
// stays.
func TestPrune(t *testing.T) {
	b := start(t)
	b.call("POST", "/streams", `{"sql":"CREATE STREAM mine () WITH (TYPE=\"memory\", FORMAT=\"json\")"}`)
	b.call("POST", "/streams", `{"sql":"CREATE STREAM both () WITH (TYPE=\"memory\", FORMAT=\"json\")"}`)
	b.write("keep.sql", stream("keep"))
	b.write("go.sql", stream("gone")+stream("moved")+stream("both"))
	b.write("r.json", ruleOn("r", "gone", "a > 1"))
	if s := b.look(); s.Counts[reconcile.Applied] != 3 {
		t.Fatalf("%+v", s)
	}
	b.remove("go.sql")
	b.remove("r.json")
	b.write("new.sql", stream("moved"))
	b.until("only the files that are there", func(s *reconcile.Status) bool { return len(s.Files) == 2 && s.Counts[reconcile.Applied] == 2 })
	for range 5 {
		b.look()
	}
	s := b.look()
	if len(s.Leftovers) != 2 || s.Leftovers[0] != (reconcile.Leftover{Definition: "rule r", File: "r.json"}) || s.Leftovers[1].Definition != "stream gone" {
		t.Errorf("%+v", s.Leftovers)
	}
	b.has("/streams/gone", "gone")
	b.set(reconcile.Options{Prune: true})
	b.until("nothing left over", func(s *reconcile.Status) bool { return len(s.Leftovers) == 0 })
	b.hasNot("/rules/r")
	b.hasNot("/streams/gone")
	for _, name := range []string{"mine", "both", "keep", "moved"} {
		b.has("/streams/"+name, name)
	}
}

// A definition that others use stays, and the reason is shown.
func TestPruneLeavesWhatIsUsed(t *testing.T) {
	b := start(t)
	b.set(reconcile.Options{Prune: true})
	b.write("keep.sql", stream("keep"))
	b.write("s.sql", stream("used"))
	b.look()
	b.call("POST", "/rules", ruleOn("mine", "used", "a > 1"))
	b.remove("s.sql")
	b.until("the reason", func(s *reconcile.Status) bool { return len(s.Leftovers) == 1 && s.Leftovers[0].Error != "" })
	b.has("/streams/used", "used")
	b.call("DELETE", "/rules/mine", "")
	b.until("nothing left over", func(s *reconcile.Status) bool { return len(s.Leftovers) == 0 })
	b.hasNot("/streams/used")
}

// A folder that is away, empty, or holds a file that cannot be read deletes
// nothing, neither while the service runs nor at its next start.
func TestPruneWaits(t *testing.T) {
	dir := t.TempDir()
	b := &bench{apitest.Start(t, dir, ""), t, t.TempDir()}
	prune := reconcile.Options{Prune: true}
	b.set(prune)
	b.write("a.sql", stream("a"))
	b.write("b.sql", stream("b"))
	b.look()
	looks := func(what string) {
		t.Helper()
		for range 10 {
			b.look()
			time.Sleep(2 * time.Millisecond) // more than the interval
		}
		if !b.exists("/streams/a") || !b.exists("/streams/b") {
			t.Fatalf("%s: streams were deleted", what)
		}
	}
	away := b.folder + "-away"
	move := func(from, to string) {
		t.Helper()
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	move(b.folder, away)
	looks("the folder is away")
	if s := b.Files.Status(); s.Error == "" || s.Counts[reconcile.Applied] != 2 {
		t.Errorf("%+v", s)
	}
	if err := os.Mkdir(b.folder, 0o700); err != nil {
		t.Fatal(err)
	}
	looks("the folder is empty")
	if s := b.Files.Status(); s.Counts[reconcile.Pending] != 2 {
		t.Errorf("%+v", s)
	}
	b.Close(t)
	b.Service = apitest.Start(t, dir, "")
	b.set(prune)
	looks("the folder is empty at the start")
	b.write("cut.json", `{"streams": `)
	looks("a file was cut")
	b.remove("cut.json")
	if err := os.Symlink("nowhere", b.folder+"/a.sql"); err != nil {
		t.Fatal(err)
	}
	looks("a link leads nowhere")
	b.want("a.sql", reconcile.Failed, "no such file")
	b.remove("a.sql")
	if err := os.Remove(b.folder); err != nil {
		t.Fatal(err)
	}
	move(away, b.folder)
	looks("the folder is back")
	b.want("a.sql", reconcile.Applied, "")
	b.write("cut.json", `{"streams": `)
	b.remove("a.sql")
	looks("a file was cut beside one that is there")
	b.remove("cut.json")
	b.until("the file that is gone", func(*reconcile.Status) bool { return !b.exists("/streams/a") })
	b.has("/streams/b", "b")
}

// The interval counts anew when the folder was away: what is missing then may
// not be there yet.
func TestPruneBeginsAnewWhenTheFolderWasAway(t *testing.T) {
	const interval = 200 * time.Millisecond
	b := start(t)
	b.Files.SetOptions(reconcile.Options{Folder: b.folder, Interval: interval, Prune: true})
	b.write("a.sql", stream("a"))
	b.write("b.sql", stream("b"))
	b.look()
	b.remove("a.sql")
	b.look() // a is missing
	if err := os.Rename(b.folder, b.folder+"-away"); err != nil {
		t.Fatal(err)
	}
	b.look()
	time.Sleep(2 * interval)
	if err := os.Rename(b.folder+"-away", b.folder); err != nil {
		t.Fatal(err)
	}
	b.look()
	b.has("/streams/a", "a")
	b.until("the stream that is gone", func(*reconcile.Status) bool { return !b.exists("/streams/a") })
	b.has("/streams/b", "b")
}

// What is missing at one look alone is not deleted.
func TestPruneWaitsForAnInterval(t *testing.T) {
	b := start(t)
	b.Files.SetOptions(reconcile.Options{Folder: b.folder, Interval: time.Hour, Prune: true})
	b.write("a.sql", stream("a"))
	b.write("b.sql", stream("b"))
	b.look()
	b.remove("a.sql")
	for range 5 {
		b.look()
	}
	b.has("/streams/a", "a")
	if s := b.Files.Status(); len(s.Leftovers) != 1 || s.Leftovers[0].Definition != "stream a" {
		t.Errorf("%+v", s)
	}
	b.want("a.sql", reconcile.Pending, "the file is gone")
	last := b.file("a.sql").Last
	b.write("a.sql", stream("a"))
	b.look()
	b.want("a.sql", reconcile.Applied, "")
	if !b.file("a.sql").Last.Equal(*last) {
		t.Error("it was applied again")
	}
}
