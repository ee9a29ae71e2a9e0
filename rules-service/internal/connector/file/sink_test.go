package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
)

// writers makes sinks that know of each other.
type writers struct {
	registry *connector.Registry
	env      connector.Env
}

func newWriters(dir string) *writers { return &writers{registry(), envOf(dir)} }

func (w *writers) decode(p props) (*connector.SinkConfig, error) {
	info, err := w.registry.Sink("file")
	if err != nil {
		return nil, err
	}
	return info.Decode(p, w.env)
}

func (w *writers) open(t testing.TB, p props) connector.Sink {
	t.Helper()
	c, err := w.decode(p)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

func messages(payloads ...string) []connector.Outbound {
	out := make([]connector.Outbound, len(payloads))
	for i, p := range payloads {
		out[i] = connector.Outbound{Payload: []byte(p), Rule: "r"}
	}
	return out
}

func write(t testing.TB, s connector.Sink, payloads ...string) {
	t.Helper()
	if err := s.Write(t.Context(), messages(payloads...)); err != nil {
		t.Fatal(err)
	}
}

// unpacked is the content of a file, without its compression.
func unpacked(t testing.TB, path string) string {
	t.Helper()
	in, err := openInput(path, &SourceConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var b bytes.Buffer
	for {
		in.recordEnds()
		if _, err := io.CopyN(&b, in, inputBuffer); err == io.EOF {
			return b.String()
		} else if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
}

func namesIn(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// Files are complete after each write, whatever is in them and around it.
func TestSinkFileTypes(t *testing.T) {
	for name, c := range map[string]struct {
		props  props
		first  []string
		after  string
		second []string
		then   string
	}{
		"lines": {props{}, []string{"a", `{"b":1}`}, "a\n{\"b\":1}\n", []string{"c"}, "a\n{\"b\":1}\nc\n"},
		"json": {props{"fileType": "json"}, []string{`{"a":1}`, `{"a":2}`}, "[\n{\"a\":1},\n{\"a\":2}\n]\n",
			[]string{`{"a":3}`}, "[\n{\"a\":1},\n{\"a\":2},\n{\"a\":3}\n]\n"},
		"csv": {props{"fileType": "csv"}, []string{`{"b":1.5,"a":"x"}`}, "x,1.5\n", []string{`[{"a":"y","b":null},{"b":true,"c":9}]`}, "x,1.5\ny,\n,true\n"},
		"csv with header": {props{"fileType": "csv", "hasHeader": true, "delimiter": ";"}, []string{`[]`, `{"b":100000000,"a":"x;\"y\""}`}, "a;b\n\"x;\"\"y\"\"\";100000000\n",
			[]string{`{"a":{"o":[1]}}`}, "a;b\n\"x;\"\"y\"\"\";100000000\n\"{\"\"o\"\":[1]}\";\n"},
		"csv fields": {props{"fileType": "csv", "hasHeader": true, "fields": []any{"z", "a"}}, []string{`{"a":1,"z":2}`}, "z,a\n2,1\n", []string{`{"a":3}`}, "z,a\n2,1\n,3\n"},
		"csv lines of a template": {props{"fileType": "csv", "hasHeader": true, "fields": []any{"z", "a"}}, []string{`1,2`}, "z,a\n1,2\n",
			[]string{`{"a":3}`}, "z,a\n1,2\n,3\n"},
		"header of lines": {props{"format": "delimited", "hasHeader": true}, []string{`{"b":1,"a":2}`}, "a,b\n2,1\n", []string{`{"b":3,"a":4}`}, "a,b\n2,1\n4,3\n"},
	} {
		for _, compression := range []string{"", "gzip", "zstd"} {
			t.Run(name+" "+compression, func(t *testing.T) {
				dir := t.TempDir()
				w := newWriters(dir)
				all := props{"path": "sub/out", "compression": compression}
				maps.Copy(all, c.props)
				path := filepath.Join(dir, "sub/out"+map[string]string{"gzip": ".gz", "zstd": ".zst"}[compression])
				s := w.open(t, all)
				write(t, s, c.first...)
				if got := unpacked(t, path); got != c.after {
					t.Fatalf("got %q, want %q", got, c.after)
				}
				if err := s.Close(t.Context()); err != nil { // another process goes on
					t.Fatal(err)
				}
				s = w.open(t, all)
				write(t, s, c.second...)
				if got := unpacked(t, path); got != c.then {
					t.Fatalf("got %q, want %q", got, c.then)
				}
			})
		}
	}
}

// A message that cannot be written is refused by itself, and spoils nothing.
func TestSinkBadMessages(t *testing.T) {
	for name, c := range map[string]struct {
		props       props
		good1, good string
		bad         string
		want        string
	}{
		"json":  {props{"fileType": "json"}, `1`, `2`, `{`, "[\n1,\n2\n]\n"},
		"csv":   {props{"fileType": "csv", "hasHeader": true}, `{"a":1}`, `{"a":2}`, `{"a"`, "a\n1\n2\n"},
		"csv 2": {props{"fileType": "csv", "hasHeader": true}, `{"a":1}`, `{"a":2}`, `[1]`, "a\n1\n2\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			all := props{"path": "out"}
			maps.Copy(all, c.props)
			s := newWriters(dir).open(t, all)
			err := s.Write(t.Context(), messages(c.bad, c.good1, c.bad, c.good))
			var partial *connector.Partial
			var permanent *connector.Permanent
			if !errors.As(err, &partial) || !errors.As(err, &permanent) || !slices.Equal(partial.Failed, []int{0, 2}) {
				t.Fatal(err)
			}
			if got := unpacked(t, filepath.Join(dir, "out")); got != c.want {
				t.Errorf("got %q", got)
			}
			if err := s.Write(t.Context(), messages(c.bad)); !errors.As(err, &permanent) {
				t.Error(err)
			}
		})
	}
}

// Each file has as much as is configured, and each message is in one of them.
func TestRolling(t *testing.T) {
	for name, c := range map[string]struct {
		props props
		sizes []int // messages in the files, in the order of their times
	}{
		"count":        {props{"rollingCount": 3}, []int{3, 3, 3, 1}},
		"count prefix": {props{"rollingCount": 5, "rollingNamePattern": "prefix"}, []int{5, 5}},
		"size":         {props{"rollingSize": 40, "rollingCount": 0}, []int{4, 4, 2}}, // 10 bytes a message
		"size of gzip": {props{"rollingSize": 1, "rollingCount": 0, "compression": "gzip", "compressionProps": map[string]any{"level": 9}}, []int{4, 4, 2}},
		"none":         {props{"rollingCount": 3, "rollingNamePattern": "none"}, []int{10}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			all := props{"path": "log.txt", "rollingNamePattern": "suffix"}
			maps.Copy(all, c.props)
			s := newWriters(dir).open(t, all)
			var payloads []string
			for i := range 10 {
				payloads = append(payloads, fmt.Sprintf("message-%d", i))
			}
			for part := range slices.Chunk(payloads, 4) {
				write(t, s, part...)
			}
			names := namesIn(t, dir)
			slices.Sort(names)
			var sizes []int
			var content string
			for _, n := range names {
				if strings.Contains(n, "gz") != (all["compression"] == "gzip") || strings.HasPrefix(n, "log-") == (all["rollingNamePattern"] != "suffix") {
					t.Error("name", n)
				}
				text := unpacked(t, filepath.Join(dir, n))
				content += text
				sizes = append(sizes, strings.Count(text, "\n"))
			}
			if !slices.Equal(sizes, c.sizes) || content != strings.Join(payloads, "\n")+"\n" {
				t.Errorf("%v: sizes %v, content %q", names, sizes, content)
			}
		})
	}
}

// A file is closed when its time has come, whether messages come or not.
func TestRollingByTime(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newWriters(dir).open(t, props{"path": "a/log", "rollingNamePattern": "suffix", "rollingInterval": "1h"})
		start := time.Now()
		write(t, s, "1")
		time.Sleep(59 * time.Minute)
		write(t, s, "2")
		time.Sleep(time.Minute)
		synctest.Wait()
		f := s.(*sink)
		f.mu.Lock()
		open := len(f.known)
		f.mu.Unlock()
		if open != 0 {
			t.Error("the file is still open")
		}
		write(t, s, "3")
		want := []string{fmt.Sprintf("log-%d", start.UnixMilli()), fmt.Sprintf("log-%d", start.Add(time.Hour).UnixMilli())}
		if got := namesIn(t, filepath.Join(dir, "a")); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// What a crash leaves behind is mended: what was written completely stays, and
// what comes afterwards can be read.
func TestResumeAfterACrash(t *testing.T) {
	for name, c := range map[string]struct {
		props props
		file  string
		torn  string
		want  string // "": the file was put aside
	}{
		"lines":           {props{}, "out", "a\nb", "a\nb\nnew\n"},
		"lines whole":     {props{}, "out", "a\n", "a\nnew\n"},
		"empty":           {props{}, "out", "", "new\n"},
		"json element":    {props{"fileType": "json"}, "out", "[\n1,\n2,\n{\"a\":", "[\n1,\n2,\n0\n]\n"},
		"json comma":      {props{"fileType": "json"}, "out", "[\n1,\n", "[\n1,\n0\n]\n"},
		"json no end":     {props{"fileType": "json"}, "out", "[\n{}", "[\n{},\n0\n]\n"},
		"json text":       {props{"fileType": "json"}, "out", "[\n\"a\"", "[\n\"a\",\n0\n]\n"},
		"json number":     {props{"fileType": "json"}, "out", "[\n1", ""},
		"json whole":      {props{"fileType": "json"}, "out", "[\n1\n]\n", "[\n1,\n0\n]\n"},
		"json of others":  {props{"fileType": "json"}, "out", "[1, 2]", "[1, 2,\n0\n]\n"},
		"json indented":   {props{"fileType": "json"}, "out", "\n  [1, 2 3", "\n  [1, 2,\n0\n]\n"},
		"json with mark":  {props{"fileType": "json"}, "out", "\xef\xbb\xbf[1, 2", "[1,\n0\n]\n"},
		"json begun":      {props{"fileType": "json"}, "out", "[\n{", ""},
		"json no array":   {props{"fileType": "json"}, "out", "{\"a\":1}", ""},
		"csv":             {props{"fileType": "csv", "hasHeader": true}, "out", "a,b\n1,", "a,b\n1,\n0,\n"},
		"csv header":      {props{"fileType": "csv", "hasHeader": true}, "out", "a,b", ""},
		"csv quote":       {props{"fileType": "csv", "hasHeader": true}, "out", "\"a", ""},
		"csv other":       {props{"fileType": "csv", "hasHeader": true, "fields": []any{"a"}}, "out", "a,b\n", ""},
		"gzip whole":      {props{"compression": "gzip"}, "out.gz", packed(t, "gzip", "a\n"), "a\nnew\n"},
		"gzip torn":       {props{"compression": "gzip"}, "out.gz", packed(t, "gzip", "a\n") + "\x1f\x8b\x08", ""},
		"zstd torn":       {props{"compression": "zstd"}, "out.zst", packed(t, "zstd", "a\n")[:10], ""},
		"gzip json":       {props{"compression": "gzip", "fileType": "json"}, "out.gz", packed(t, "gzip", "[\n1"), ""},
		"gzip csv header": {props{"compression": "gzip", "fileType": "csv", "hasHeader": true}, "out.gz", packed(t, "gzip", "b,a\n"), "b,a\n,0\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, c.file)
			put(t, path, c.torn)
			all := props{"path": "out"}
			maps.Copy(all, c.props)
			message := map[any]string{nil: "new", "json": "0", "csv": `{"a":0}`}[all["fileType"]]
			s := newWriters(dir).open(t, all)
			write(t, s, message)
			got := unpacked(t, path)
			names := namesIn(t, dir)
			if c.want != "" {
				if got != c.want || len(names) != 1 {
					t.Errorf("got %q, files %v", got, names)
				}
				return
			}
			if len(names) != 2 || !strings.HasPrefix(names[1], c.file+".aside-") {
				t.Fatal(names)
			}
			if aside, err := os.ReadFile(filepath.Join(dir, names[1])); err != nil || string(aside) != c.torn {
				t.Errorf("aside is %q, %v", aside, err)
			}
			if want := map[any]string{nil: "new\n", "json": "[\n0\n]\n", "csv": "a\n0\n"}[all["fileType"]]; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// A sink may be killed between any two bytes that it writes: what it has
// confirmed before is there when another one goes on.
func TestEveryTornWrite(t *testing.T) {
	for name, p := range map[string]props{
		"lines":     {},
		"json":      {"fileType": "json"},
		"csv":       {"fileType": "csv", "hasHeader": true},
		"gzip":      {"compression": "gzip"},
		"gzip json": {"compression": "gzip", "fileType": "json"},
	} {
		t.Run(name, func(t *testing.T) {
			from := t.TempDir()
			all := props{"path": "out"}
			maps.Copy(all, p)
			s := newWriters(from).open(t, all)
			ending := map[bool]string{true: ".gz"}[p["compression"] != nil]
			write(t, s, `{"a":"one"}`)
			confirmed, err := os.ReadFile(filepath.Join(from, "out"+ending))
			if err != nil {
				t.Fatal(err)
			}
			write(t, s, `{"a":"two"}`)
			written, err := os.ReadFile(filepath.Join(from, "out"+ending))
			if err != nil {
				t.Fatal(err)
			}
			same := 0
			for same < len(confirmed) && confirmed[same] == written[same] {
				same++
			}
			for end := same; end < len(written); end++ {
				torn := append(slices.Clone(written[:end]), confirmed[min(end, len(confirmed)):]...)
				dir := t.TempDir()
				put(t, filepath.Join(dir, "out"+ending), string(torn))
				write(t, newWriters(dir).open(t, all), `{"a":"three"}`)
				if !found(t, dir, "one") || !found(t, dir, "three") {
					t.Fatalf("torn after %d bytes: %q became %v", end, torn, namesIn(t, dir))
				}
			}
		})
	}
}

// found looks for a text in all files of a folder, up to where they can be read.
func found(t *testing.T, dir, text string) bool {
	t.Helper()
	for _, n := range namesIn(t, dir) {
		path := filepath.Join(dir, n)
		kind := "none"
		if strings.Contains(n, ".gz") {
			kind = "gzip"
		}
		in, err := openInput(path, &SourceConfig{Decompression: kind})
		if err != nil {
			continue
		}
		all, _ := io.ReadAll(in)
		_ = in.Close()
		if bytes.Contains(all, []byte(text)) {
			return true
		}
	}
	return false
}

// Messages go to the files that their paths name. What fails in one does not
// concern the others.
func TestPathsOfMessages(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "folder", "x"), "")
	s := newWriters(dir).open(t, props{"path": "{{.p}}"})
	var batch []connector.Outbound
	for i, p := range []string{"a", "b", "../../etc/out", "a", "x/../b", "folder", ""} {
		batch = append(batch, connector.Outbound{Payload: fmt.Appendf(nil, "%d", i), Values: map[string]string{"path": p}})
	}
	err := s.Write(t.Context(), batch)
	var partial *connector.Partial
	if !errors.As(err, &partial) || !slices.Equal(partial.Failed, []int{2, 5, 6}) {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a": "0\n3\n", "b": "1\n4\n"} {
		if got := unpacked(t, filepath.Join(dir, name)); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	var permanent *connector.Permanent
	if err := s.Write(t.Context(), batch[2:3]); !errors.As(err, &permanent) || !strings.Contains(err.Error(), "outside of the folder for files") {
		t.Error(err)
	}
	if err := s.Write(t.Context(), batch[5:6]); err == nil || errors.As(err, &permanent) || !strings.Contains(err.Error(), "is a folder; name a file in it") {
		t.Error(err)
	}
}

// Paths come from data: however many there are, few files are open, and no
// message is lost.
func TestManyPaths(t *testing.T) {
	for pattern, files := range map[string]int{"none": mostKnown + 50, "suffix": 2*(mostKnown+50) - 0} {
		t.Run(pattern, func(t *testing.T) {
			dir := t.TempDir()
			s := newWriters(dir).open(t, props{"path": "{{.p}}", "rollingNamePattern": pattern}).(*sink)
			for range 2 {
				for i := range mostKnown + 50 {
					m := connector.Outbound{Payload: []byte("x"), Values: map[string]string{"path": fmt.Sprintf("%04d", i)}}
					if err := s.Write(t.Context(), []connector.Outbound{m}); err != nil {
						t.Fatal(err)
					}
					if open := s.owners.opened.Load(); open > mostOpen || len(s.known) > mostKnown || len(s.order) != len(s.known) {
						t.Fatalf("%d files are open, %d known", open, len(s.known))
					}
				}
			}
			names := namesIn(t, dir)
			lines := 0
			for _, n := range names {
				lines += strings.Count(unpacked(t, filepath.Join(dir, n)), "\n")
			}
			if len(names) != files || lines != 2*(mostKnown+50) {
				t.Errorf("%d files with %d lines", len(names), lines)
			}
		})
	}
}

// Files of many sinks are closed between writes, and the sinks go on with them.
func TestParkedFiles(t *testing.T) {
	dir := t.TempDir()
	w := newWriters(dir)
	var sinks []connector.Sink
	for i := range mostOpen + 20 {
		sinks = append(sinks, w.open(t, props{"path": fmt.Sprintf("%04d.json", i), "fileType": "json", "rollingNamePattern": "suffix"}))
	}
	for range 2 {
		for _, s := range sinks {
			write(t, s, "1")
		}
	}
	if open := sinks[0].(*sink).owners.opened.Load(); open > mostOpen {
		t.Errorf("%d files are open", open)
	}
	names := namesIn(t, dir)
	if len(names) != len(sinks) {
		t.Errorf("%d files", len(names))
	}
	for _, n := range names {
		if got := unpacked(t, filepath.Join(dir, n)); got != "[\n1,\n1\n]\n" {
			t.Fatalf("%s: %q", n, got)
		}
	}
	for _, s := range sinks {
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if o := sinks[0].(*sink).owners; o.opened.Load() != 0 || len(o.paths) != 0 {
		t.Errorf("%d files are open, %d owned", o.opened.Load(), len(o.paths))
	}
}

// Two sinks do not write over each other.
func TestOneOwnerOfAFile(t *testing.T) {
	w := newWriters(t.TempDir())
	a, b := w.open(t, props{"path": "x.gz", "compression": "gzip"}), w.open(t, props{"path": "./x", "compression": "gzip"})
	write(t, a, "1")
	err := b.Write(t.Context(), messages("2"))
	var permanent *connector.Permanent
	if err == nil || errors.As(err, &permanent) || !strings.Contains(err.Error(), "is written by an action with other properties") {
		t.Fatal(err)
	}
	if err := a.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(t, b, "2")
}

// A file that somebody takes away is begun anew.
func TestFileIsTakenAway(t *testing.T) {
	dir := t.TempDir()
	s := newWriters(dir).open(t, props{"path": "out", "fileType": "json"})
	write(t, s, "1")
	if err := os.Rename(filepath.Join(dir, "out"), filepath.Join(dir, "taken")); err != nil {
		t.Fatal(err)
	}
	write(t, s, "2")
	if got := unpacked(t, filepath.Join(dir, "taken")) + unpacked(t, filepath.Join(dir, "out")); got != "[\n1\n]\n[\n2\n]\n" {
		t.Errorf("got %q", got)
	}
}

// A full disk is no reason to lose or to repeat anything.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip("there is no /dev/full:", err)
	}
	dir := t.TempDir()
	s := newWriters(dir).open(t, props{"path": "out", "fileType": "csv", "hasHeader": true}).(*sink)
	write(t, s, `{"a":1}`)
	o := s.known[filepath.Join(dir, "out")]
	working := o.file
	o.file = full
	n, err := o.write(messages(`{"a":2}`), func(int, error) { t.Error("the message is not to blame") })
	if err == nil || n != 0 || o.count != 1 {
		t.Fatal(n, err, o.count)
	}
	o.file = working
	_ = full.Close()
	write(t, s, `{"a":2}`)
	if got := unpacked(t, filepath.Join(dir, "out")); got != "a\n1\n2\n" {
		t.Errorf("got %q", got)
	}
}

// What could not be brought to the disk does not count as written.
func TestWrittenIsOnDisk(t *testing.T) {
	dir := t.TempDir()
	s := newWriters(dir).open(t, props{"path": "out"}).(*sink)
	write(t, s, "1")
	o := s.known[filepath.Join(dir, "out")]
	working := o.file
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if null.Sync() == nil {
		t.Skip("this system can sync", os.DevNull)
	}
	o.file = null // takes all, and keeps nothing
	if n, err := o.write(messages("2"), func(int, error) {}); err == nil || n != 0 {
		t.Error("it counts as written", n)
	}
	o.file = working
	_ = null.Close()
}

// A write that failed in the middle is taken back.
func TestRestore(t *testing.T) {
	for kind, want := range map[string]string{"lines": "1\n", "json": "[\n1\n]\n"} {
		dir := t.TempDir()
		s := newWriters(dir).open(t, props{"path": "out", "fileType": kind}).(*sink)
		write(t, s, "1")
		o := s.known[filepath.Join(dir, "out")]
		if _, err := o.file.WriteAt([]byte(",\n2 and a half"), o.end); err != nil {
			t.Fatal(err)
		}
		if err := o.restore(); err != nil {
			t.Fatal(err)
		}
		if got := unpacked(t, filepath.Join(dir, "out")); got != want {
			t.Errorf("%s: %q", kind, got)
		}
	}
}

func TestSinkConfigIsChecked(t *testing.T) {
	w := newWriters(t.TempDir())
	for want, p := range map[string]props{
		`property "path" has a zero byte`:                        {"path": "a\x00"},
		`property "fileType": there are lines, json and csv`:     {"fileType": "parquet"},
		`property "rollingNamePattern": there are suffix`:        {"rollingNamePattern": "middle"},
		`"rollingSize" and "checkInterval" must not be negative`: {"rollingCount": -1},
		`property "rollingInterval": milliseconds or a text`:     {"rollingInterval": "daily"},
		`property "rollingSize": a whole number is wanted`:       {"rollingSize": "10MB"},
		`property "compression": there are gzip and zstd`:        {"compression": "flate"},
		`99`: {"compression": "gzip", "compressionProps": map[string]any{"level": 99}},
		`property "delimiter": ",," is not one character`:             {"delimiter": ",,"},
		`property "rollingHook": not supported: there are no plugins`: {"rollingHook": "x"},
		`property "encryption": not supported: a crash would`:         {"encryption": "aes"},
		`property "hasHeader": true or false is wanted`:               {"hasHeader": "maybe"},
		`fields and excludeFields exclude each other`:                 {"fields": []any{"a"}, "excludeFields": []any{"b"}},
		`unknown property "rolingSize"; did you mean "rollingSize"`:   {"rolingSize": 1},
		`file /etc/passwd is outside of the folder for files`:         {"path": "/etc/passwd"},
		`is outside of the folder for files`:                          {"path": "../x"},
	} {
		c, err := w.decode(p)
		if err == nil {
			_, err = c.Open()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %s", p, err, want)
		}
	}
	c, err := w.decode(props{"path": ""})
	if err == nil {
		t.Error("no path is taken:", c)
	}
	if c, err = w.decode(props{"checkInterval": "1m", "rollingNamePattern": ""}); err != nil || c.Target != "cache" {
		t.Error(c, err)
	}
}

// A folder that cannot be made is told when the sink is connected.
func TestSinkConnect(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "plain"), "")
	w := newWriters(dir)
	for path, want := range map[string]string{"plain/x": "folder of the file", ".": "is a folder; name a file in it"} {
		c, err := w.decode(props{"path": path})
		if err != nil {
			t.Fatal(err)
		}
		s, err := c.Open()
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Connect(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// The suite, with the folder for a server.
func TestSinkConformance(t *testing.T) {
	dir := t.TempDir()
	h := connectortest.Sink{
		New: func(t *testing.T) connector.Sink {
			w := newWriters(dir)
			w.env.Log = slog.New(slog.DiscardHandler)
			c, err := w.decode(props{"path": "sub/out", "fileType": "json"})
			if err != nil {
				t.Fatal(err)
			}
			s, err := c.Open()
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		Bad: &connector.Outbound{Payload: []byte("{")},
		Received: func(t *testing.T) []string {
			got, _ := readAll(t, openSource(t, dir, props{"path": "sub", "datasource": "out"}))
			return got
		},
		Break: func(t *testing.T) {
			if err := os.RemoveAll(filepath.Join(dir, "sub")); err != nil {
				t.Fatal(err)
			}
			put(t, filepath.Join(dir, "sub"), "in the way")
		},
		Mend: func(t *testing.T) {
			if err := os.Remove(filepath.Join(dir, "sub")); err != nil {
				t.Fatal(err)
			}
		},
	}
	h.Run(t)
}

// Whatever stands in a file, a sink goes on with it and loses nothing of what
// was readable.
func FuzzResume(f *testing.F) {
	f.Add("json", "[\n1,\n2", false)
	f.Add("csv", "a,b\n1", true)
	f.Add("lines", "x", false)
	f.Add("json", "[1]]", false)
	f.Fuzz(func(t *testing.T, kind, content string, header bool) {
		if kind != typeCSV && kind != typeLines {
			kind = typeJSON
		}
		dir := t.TempDir()
		put(t, filepath.Join(dir, "out"), content)
		s := newWriters(dir).open(t, props{"path": "out", "fileType": kind, "hasHeader": header})
		write(t, s, `{"a":"written"}`)
		if kind != typeCSV && !found(t, dir, "written") {
			t.Errorf("%q: the message is lost", content)
		}
		if kind == typeJSON {
			got, end := readAll(t, openSource(t, dir, props{"datasource": "out"}))
			if len(got) == 0 || got[len(got)-1] != `{"a":"written"}` {
				t.Errorf("%q: %q, %v", content, got, end)
			}
		}
	})
}
