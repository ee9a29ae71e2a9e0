package reconcile_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/rules-service/internal/apitest"
	"sluice/rules-service/internal/reconcile"
)

// patience is far above what anything takes on a slow machine.
const patience = time.Minute

// bench is a service that follows a folder.
type bench struct {
	*apitest.Service
	t      testing.TB
	folder string
}

func start(t testing.TB) *bench {
	t.Helper()
	b := &bench{apitest.Start(t, t.TempDir(), ""), t, t.TempDir()}
	b.set(reconcile.Options{})
	return b
}

// set changes the options but for folder and interval.
func (b *bench) set(o reconcile.Options) {
	o.Folder, o.Interval = b.folder, time.Millisecond
	b.Files.SetOptions(o)
}

// write writes a file that was finished a while ago.
func (b *bench) write(name, text string) { b.writeAt(name, text, time.Now().Add(-time.Hour)) }

// writeNow writes a file that may not be finished, however slow the machine is:
// its time lies ahead, as it may after the clock was set.
func (b *bench) writeNow(name, text string) { b.writeAt(name, text, time.Now().Add(time.Hour)) }

func (b *bench) writeAt(name, text string, at time.Time) {
	b.t.Helper()
	full := filepath.Join(b.folder, name)
	if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
	if err := os.Chtimes(full, at, at); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) remove(name string) {
	b.t.Helper()
	if err := os.Remove(filepath.Join(b.folder, name)); err != nil {
		b.t.Fatal(err)
	}
}

// look makes the service look at the folder.
func (b *bench) look() *reconcile.Status {
	b.Files.Now(context.Background())
	return b.Files.Status()
}

// until looks until a condition holds.
func (b *bench) until(what string, f func(s *reconcile.Status) bool) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		s := b.look()
		if f(s) {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("%s does not come: %+v", what, s)
		}
	}
}

// file is what became of a file.
func (b *bench) file(name string) reconcile.FileStatus {
	b.t.Helper()
	return find(b.t, b.Files.Status(), name)
}

func find(t testing.TB, s *reconcile.Status, name string) reconcile.FileStatus {
	t.Helper()
	i := slices.IndexFunc(s.Files, func(f reconcile.FileStatus) bool { return f.File == name })
	if i < 0 {
		t.Fatalf("%s is not known: %+v", name, s)
	}
	return s.Files[i]
}

// want checks the state of a file, and what is said about it.
func (b *bench) want(name string, state reconcile.State, text string) {
	b.t.Helper()
	if f := b.file(name); f.State != state || !strings.Contains(f.Error, text) || text == "" && f.Error != "" {
		b.t.Errorf("%s is %+v, want %s %q", name, f, state, text)
	}
}

// has checks what GET of a path answers; status 0 means that there is nothing.
func (b *bench) has(path, text string) {
	b.t.Helper()
	if status, answer, _ := b.Call(b.t, "GET", path, ""); status != 200 || !strings.Contains(answer, text) {
		b.t.Errorf("GET %s: %d %s, want %s", path, status, answer, text)
	}
}

func (b *bench) hasNot(path string) {
	b.t.Helper()
	if status, answer, _ := b.Call(b.t, "GET", path, ""); status == 200 {
		b.t.Errorf("GET %s: %s, want nothing", path, answer)
	}
}

func (b *bench) exists(path string) bool {
	status, _, _ := b.Call(b.t, "GET", path, "")
	return status == 200
}

func (b *bench) call(method, path, body string) {
	b.t.Helper()
	if status, answer, _ := b.Call(b.t, method, path, body); status/100 != 2 {
		b.t.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
}

func stream(name string) string {
	return fmt.Sprintf(`CREATE STREAM %s () WITH (TYPE="memory", FORMAT="json", DATASOURCE="x");`, name)
}

func ruleOn(id, stream, condition string) string {
	return fmt.Sprintf(`{"id":%q,"sql":"SELECT * FROM %s WHERE %s","actions":[{"memory":{"topic":"x"}}]}`, id, stream, condition)
}

// Files in any order: what they define is created, updated and left alone.
func TestFilesAreApplied(t *testing.T) {
	b := start(t)
	b.write("a-rule.json", ruleOn("hot", "demo", "a > 1"))
	b.write("sub/b.sql", "-- the stream of the rule\n"+stream("demo"))
	b.write("c.yaml", "id: cold\nsql: SELECT * FROM demo WHERE a < 0\nactions: [{memory: {topic: x}}]\n")
	b.write("notes.txt", "no definition")
	b.write(".hidden.sql", stream("hidden"))
	if s := b.look(); s.Counts[reconcile.Applied] != 3 || len(s.Files) != 3 || s.Scanned == nil {
		t.Fatalf("%+v", s)
	}
	f := b.file("sub/b.sql")
	if f.State != reconcile.Applied || f.Kind != reconcile.Definitions || len(f.Hash) != 64 || f.Tries != 1 || f.Last == nil || !slices.Equal(f.Definitions, []string{"stream demo"}) {
		t.Errorf("%+v", f)
	}
	b.has("/rules/hot/status", `"running"`)
	b.hasNot("/streams/hidden")
	b.Send(t, `{"a":2}`)
	b.Want(t, `[{"a":2}]`)

	b.write("a-rule.json", ruleOn("hot", "demo", "a > 5"))
	b.look()
	b.want("a-rule.json", reconcile.Applied, "")
	b.has("/rules/hot", "a > 5")
	if before, after := f, b.file("sub/b.sql"); after.Tries != 1 || !after.Last.Equal(*before.Last) {
		t.Errorf("a file that is as it was is applied again: %+v", after)
	}
}

// A bad file fails alone, with its place; when it is right it is applied.
func TestBadFilesFailAlone(t *testing.T) {
	b := start(t)
	b.write("bad.json", "{\"rules\": {\n  \"r1\": {,\n")
	b.write("column.sql", stream("demo")+"\nCREATE STREAM other (\n  a BIGIN) WITH (TYPE=\"memory\");")
	b.write("good.sql", stream("good"))
	b.write("half.json", `[`+ruleOn("fine", "good", "a > 1")+",\n  "+ruleOn("lost", "nowhere", "a > 1")+`]`)
	b.write("option.sql", "\n\n  "+`CREATE STREAM wrong () WITH (TYPE="memori")`)
	b.look()
	b.want("bad.json", reconcile.Failed, "bad.json:2:10: 2:10: not JSON")
	b.want("column.sql", reconcile.Failed, "column.sql:3:5: ")
	b.want("good.sql", reconcile.Applied, "")
	b.want("half.json", reconcile.Failed, "half.json:2:3: rule lost: ")
	b.want("option.sql", reconcile.Failed, `option.sql:3:3: stream wrong: unknown source type "memori"; did you mean "memory"?`)
	b.has("/rules/fine", "good")
	b.hasNot("/rules/lost")
	if f := b.file("half.json"); len(f.Problems) != 1 || f.Problems[0].Definition != "rule lost" || f.Problems[0].Line != 2 || f.Next == nil {
		t.Errorf("%+v", f)
	}
	b.write("nowhere.sql", stream("nowhere"))
	b.write("bad.json", `{"rules": {"r1": `+ruleOn("r1", "good", "a > 1")+`}}`)
	b.look()
	b.want("half.json", reconcile.Applied, "")
	b.want("bad.json", reconcile.Applied, "")
	b.has("/rules/lost", "nowhere")
	b.has("/rules/r1", "good")
}

// A file that is being written waits; one that was cut brings nothing, and loses
// nothing that it brought.
func TestFilesThatAreBeingWritten(t *testing.T) {
	b := start(t)
	b.set(reconcile.Options{Prune: true})
	whole := `{"streams": {"a": ` + fmt.Sprintf("%q", stream("a")) + `, "b": ` + fmt.Sprintf("%q", stream("b")) + `}}`
	b.write("s.json", whole)
	b.look()
	b.want("s.json", reconcile.Applied, "")

	b.writeNow("s.json", whole[:40])
	b.look()
	b.want("s.json", reconcile.Pending, "the file is being written")
	b.until("the cut file", func(*reconcile.Status) bool { return b.file("s.json").State == reconcile.Failed })
	b.want("s.json", reconcile.Failed, "unexpected end of JSON input")
	b.writeNow("s.json", "")
	b.until("the empty file", func(*reconcile.Status) bool { return strings.Contains(b.file("s.json").Error, "neither SQL") })
	for range 20 {
		b.look()
	}
	b.has("/streams/a", "a")
	b.has("/streams/b", "b")

	for i := range 5 { // it grows between any two looks
		b.writeNow("s.json", whole[:50+i])
		b.look()
		b.want("s.json", reconcile.Pending, "the file is being written")
	}
	b.writeNow("s.json", strings.Replace(whole, "STREAM b", "STRAEM b", 1))
	b.until("the whole file", func(*reconcile.Status) bool { return b.file("s.json").State == reconcile.Failed })
	b.want("s.json", reconcile.Failed, "STRAEM")
	b.writeNow("s.json", whole)
	b.until("the right file", func(*reconcile.Status) bool { return b.file("s.json").State == reconcile.Applied })
}

// The content that is in effect comes back before it was replaced.
func TestChangeThatWasTakenBack(t *testing.T) {
	b := start(t)
	b.write("s.sql", stream("a"))
	b.look()
	last := b.file("s.sql").Last
	b.writeNow("s.sql", "CREATE STR")
	b.look()
	b.want("s.sql", reconcile.Pending, "written")
	b.writeNow("s.sql", stream("a"))
	b.look()
	b.want("s.sql", reconcile.Applied, "")
	if again := b.file("s.sql").Last; !again.Equal(*last) {
		t.Errorf("it was applied again at %v", again)
	}
}

// What a file brought in part is replaced when its old content comes back.
func TestChangeThatFailedAndWasTakenBack(t *testing.T) {
	b := start(t)
	b.write("s.sql", stream("s"))
	b.write("r.json", `[`+ruleOn("r", "s", "a > 1")+`]`)
	b.look()
	b.write("r.json", `[`+ruleOn("r", "s", "a > 2")+`,`+ruleOn("q", "nowhere", "a > 1")+`]`)
	b.look()
	b.want("r.json", reconcile.Failed, "rule q")
	b.has("/rules/r", "a > 2")
	b.write("r.json", `[`+ruleOn("r", "s", "a > 1")+`]`)
	b.look()
	b.want("r.json", reconcile.Applied, "")
	b.has("/rules/r", "a > 1")
}

// Kubernetes swaps a link; the files are links to it.
func TestConfigMap(t *testing.T) {
	b := start(t)
	b.set(reconcile.Options{Prune: true})
	version := 0
	mount := func(files map[string]string) {
		t.Helper()
		version++
		dir := fmt.Sprintf("..2026_11_%02d", version)
		for name, text := range files {
			b.write(filepath.Join(dir, name), text)
			if _, err := os.Lstat(filepath.Join(b.folder, name)); err != nil {
				if err := os.Symlink(filepath.Join("..data", name), filepath.Join(b.folder, name)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := os.Symlink(dir, filepath.Join(b.folder, "..data_tmp")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(b.folder, "..data_tmp"), filepath.Join(b.folder, "..data")); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(b.folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if _, there := files[e.Name()]; !there && !strings.HasPrefix(e.Name(), "..") {
				b.remove(e.Name())
			}
		}
		if version > 1 {
			if err := os.RemoveAll(filepath.Join(b.folder, fmt.Sprintf("..2026_11_%02d", version-1))); err != nil {
				t.Fatal(err)
			}
		}
	}
	mount(map[string]string{"s.sql": stream("s"), "r.json": ruleOn("r", "s", "a > 1"), "q.json": ruleOn("q", "s", "a > 1")})
	if s := b.look(); len(s.Files) != 3 || s.Counts[reconcile.Applied] != 3 {
		t.Fatalf("%+v", s)
	}
	mount(map[string]string{"s.sql": stream("s"), "r.json": ruleOn("r", "s", "a > 2")})
	b.until("the rule that is gone", func(*reconcile.Status) bool { return !b.exists("/rules/q") })
	b.has("/rules/r", "a > 2")
	b.has("/streams/s", "s")
}

func TestTwoFilesThatDefineTheSame(t *testing.T) {
	b := start(t)
	b.write("b.sql", stream("s"))
	b.look()
	b.write("a.sql", strings.Replace(stream("s"), `"x"`, `"y"`, 1))
	b.look()
	b.want("a.sql", reconcile.Failed, "a.sql:1:1: stream s: it is defined in b.sql already")
	b.want("b.sql", reconcile.Applied, "")
	b.has("/streams/s", `"x"`)
	b.remove("b.sql")
	b.until("the other file", func(s *reconcile.Status) bool { return s.Counts[reconcile.Applied] == 1 && len(s.Files) == 1 })
	b.has("/streams/s", `"y"`)
}

// What files fail for may come later, from elsewhere.
func TestFilesAreTriedAgain(t *testing.T) {
	b := start(t)
	b.write("r.json", ruleOn("r", "later", "a > 1"))
	b.Files.Start()
	defer b.Files.Close()
	eventually(t, func() bool { return b.Files.Status().Counts[reconcile.Failed] == 1 })
	if !b.Files.Ready() {
		t.Error("not ready after the first round")
	}
	b.call("POST", "/streams", fmt.Sprintf(`{"sql":%q}`, stream("later")))
	eventually(t, func() bool { return b.Files.Status().Counts[reconcile.Applied] == 1 })
	if f := b.file("r.json"); f.Tries < 2 || f.Next != nil {
		t.Errorf("%+v", f)
	}
}

func eventually(t testing.TB, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !f(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come")
		}
	}
}
