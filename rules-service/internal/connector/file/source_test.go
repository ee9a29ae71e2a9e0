package file

import (
	"compress/flate"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
)

type props map[string]any

func registry() *connector.Registry {
	r := connector.NewRegistry()
	Register(r)
	return r
}

func envOf(dir string) connector.Env {
	return connector.Env{Log: slog.New(slog.DiscardHandler), Files: connector.Files{Dir: dir}}
}

func sourceOf(dir string, p props) (connector.Source, *connector.SourceConfig, error) {
	info, err := registry().Source("file")
	if err != nil {
		return nil, nil, err
	}
	c, err := info.Decode(p, envOf(dir))
	if err != nil {
		return nil, nil, err
	}
	s, err := c.Open()
	return s, c, err
}

func openSource(t testing.TB, dir string, p props) connector.Source {
	t.Helper()
	s, _, err := sourceOf(dir, p)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

func put(t testing.TB, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	hidden := filepath.Join(filepath.Dir(path), "."+filepath.Base(path))
	if err := os.WriteFile(hidden, []byte(content), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(hidden, path); err != nil {
		t.Fatal(err)
	}
}

// readAll reads to the end, and returns payloads and what ended it.
func readAll(t testing.TB, s connector.Source) (payloads []string, end error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		msgs, ack, err := s.Read(ctx)
		if err != nil {
			return payloads, err
		}
		for _, m := range msgs {
			payloads = append(payloads, shown(t, m.Payload))
		}
		if ack != nil {
			ack(nil)
		}
	}
}

// shown is a payload as a test names it: rows are JSON.
func shown(t testing.TB, payload []byte) string {
	t.Helper()
	rows, err := codec.ParseRows(payload)
	if err != nil {
		return string(payload)
	}
	var list []string
	for _, r := range rows {
		for i, name := range r.Names {
			list = append(list, name+"="+r.Values[i].Str())
		}
	}
	return strings.Join(list, " ")
}

func packed(t testing.TB, kind, text string) string {
	t.Helper()
	var b strings.Builder
	var w io.WriteCloser
	var err error
	switch kind {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "zlib":
		w = zlib.NewWriter(&b)
	case "flate":
		w, err = flate.NewWriter(&b, flate.BestSpeed)
	case "zstd":
		w, err = zstd.NewWriter(&b)
	}
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// All types of files come out record by record, and the source ends.
func TestFileTypes(t *testing.T) {
	text := "\n# one\n# two\n\na,b\n1,2\n\n3,\"x\ny\"\n-- end\n"
	for name, c := range map[string]struct {
		file, content string
		props         props
		want          []string
	}{
		"json array":      {"a.json", ` [{"a":1}, {"b":[2]} ] `, props{}, []string{`{"a":1}`, `{"b":[2]}`}},
		"json objects":    {"a.json", "{\"a\":1}\n{\"a\":2}", props{}, []string{`{"a":1}`, `{"a":2}`}},
		"json empty":      {"a.json", " ", props{}, nil},
		"json no rows":    {"a.json", "[]", props{}, nil},
		"json with mark":  {"a.json", "\xef\xbb\xbf[{\"a\":1}]", props{}, []string{`{"a":1}`}},
		"lines":           {"a.log", "one\r\n\ntwo \nthree", props{"fileType": "lines"}, []string{"one", "two ", "three"}},
		"lines left out":  {"a.log", "\nhead\n\n1\n2\n\n3\nfoot\n", props{"fileType": "lines", "ignoreStartLines": 1, "ignoreEndLines": "2"}, []string{"1", "2"}},
		"csv plain":       {"a.csv", "1,2\n3\n4,5,6\n", props{"fileType": "csv"}, []string{"col0=1 col1=2", "col0=3", "col0=4 col1=5 col2=6"}},
		"csv columns":     {"a.csv", "1;2\n", props{"fileType": "csv", "columns": []any{"z", "a"}, "delimiter": ";"}, []string{"a=2 z=1"}},
		"csv header":      {"a.csv", text, props{"fileType": "csv", "hasHeader": true, "ignoreStartLines": 2, "ignoreEndLines": 1}, []string{"a=1 b=2", "a=3 b=x\ny"}},
		"csv only header": {"a.csv", "a,b\n", props{"fileType": "csv", "hasHeader": true}, nil},
		"gzip by name":    {"a.log.gz", packed(t, "gzip", "1\n") + packed(t, "gzip", "2\n"), props{"fileType": "lines"}, []string{"1", "2"}},
		"zstd by name":    {"a.json.zst", packed(t, "zstd", `[{"a":1}]`), props{}, []string{`{"a":1}`}},
		"gzip told":       {"a.csv", packed(t, "gzip", "1\n"), props{"fileType": "csv", "decompression": "gzip"}, []string{"col0=1"}},
		"zlib told":       {"a.log", packed(t, "zlib", "1\n2\n"), props{"fileType": "lines", "decompression": "zlib"}, []string{"1", "2"}},
		"flate told":      {"a.log", packed(t, "flate", "1\n2\n"), props{"fileType": "lines", "decompression": "flate"}, []string{"1", "2"}},
		"empty gzip":      {"a.log.gz", "", props{"fileType": "lines"}, nil},
		"none told":       {"a.gz", "1\n", props{"fileType": "lines", "decompression": "none"}, []string{"1"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, c.file), c.content)
			all := props{"datasource": c.file}
			maps.Copy(all, c.props)
			s := openSource(t, dir, all)
			got, end := readAll(t, s)
			if !slices.Equal(got, c.want) || !errors.Is(end, connector.ErrEndOfInput) || end.Error() != connector.ErrEndOfInput.Error() {
				t.Errorf("got %q, %v; want %q", got, end, c.want)
			}
		})
	}
}

// What is wrong with a file is told; what stands before it came.
func TestBadFiles(t *testing.T) {
	long := strings.Repeat("x", longestRecord+2*inputBuffer)
	for name, c := range map[string]struct {
		file, content string
		props         props
		want          string
		wrong         string
	}{
		"json that ends":  {"a.json", `[{"a":1},{"a"`, props{}, `{"a":1}`, "the JSON ends in the middle"},
		"no json":         {"a.json", `[{"a":1},}`, props{}, `{"a":1}`, "it is no JSON around byte 9"},
		"no end of array": {"a.json", `[{"a":1}`, props{}, `{"a":1}`, "the JSON ends in the middle"},
		"torn gzip":       {"a.gz", packed(t, "gzip", "1\n") + "\x1f\x8b", props{"fileType": "lines"}, "1", "unexpected EOF"},
		"no gzip":         {"a.gz", "1\n2\n3\n4\n5\n6\n", props{"fileType": "lines"}, "", "gzip"},
		"long line":       {"a.log", "1\n" + long, props{"fileType": "lines"}, "1", "line 2: a record is longer than 16 MiB"},
		"long json":       {"a.json", `{"a":1}"` + long, props{}, `{"a":1}`, "a record is longer than 16 MiB"},
		"csv quote":       {"a.csv", "1\n\"" + long, props{"fileType": "csv"}, "col0=1", "a record is longer than 16 MiB"},
		"csv skipped":     {"a.csv", "1\na\"b\n", props{"fileType": "csv"}, "col0=1", "line 2, column 2: bare \""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, c.file)
			put(t, path, c.content)
			all := props{"datasource": c.file, "actionAfterRead": 1}
			maps.Copy(all, c.props)
			s := openSource(t, dir, all)
			got, end := readAll(t, s)
			if strings.Join(got, "|") != c.want || !errors.Is(end, connector.ErrEndOfInput) {
				t.Errorf("got %q, %v", got, end)
			}
			r := s.(connector.Receiver).Reception()
			if !strings.Contains(r.LastIgnored, c.wrong) || len(r.Ignored) != 1 {
				t.Errorf("reception %+v", r)
			}
			if name != "csv skipped" {
				if !strings.Contains(end.Error(), c.wrong) || !strings.Contains(end.Error(), path) {
					t.Errorf("the end does not tell of it: %v", end)
				}
				if _, err := os.Stat(path); err != nil {
					t.Error("a file that was not read to its end is gone")
				}
			}
		})
	}
}

func TestSourceConfigIsChecked(t *testing.T) {
	dir := t.TempDir()
	for want, p := range map[string]props{
		`property "fileType": parquet is not read`:                {"datasource": "a", "fileType": "parquet"},
		`property "fileType": there are json, lines and csv`:      {"datasource": "a", "fileType": "xml"},
		"give the name of a file as DATASOURCE":                   {},
		`property "interval": milliseconds`:                       {"datasource": "a", "interval": "often"},
		`properties "interval" and "sendInterval"`:                {"datasource": "a", "interval": -1},
		`property "actionAfterRead": 0 keeps a file`:              {"datasource": "a", "actionAfterRead": 3},
		`property "actionAfterRead": a whole number is wanted`:    {"datasource": "a", "actionAfterRead": "move"},
		`property "moveTo" is missing`:                            {"datasource": "a", "actionAfterRead": 2},
		`property "moveTo": it is the folder that is read`:        {"datasource": "a", "actionAfterRead": 2, "moveTo": "."},
		`property "moveTo": file /else is outside of the folder`:  {"datasource": "a", "actionAfterRead": 2, "moveTo": "/else"},
		"file /etc/passwd is outside of the folder for files":     {"datasource": "passwd", "path": "/etc"},
		"is outside of the folder for files, ":                    {"datasource": "../../a"},
		`property "decompression": there are gzip`:                {"datasource": "a", "decompression": "rar"},
		`property "delimiter": ";;" is not one character`:         {"datasource": "a", "delimiter": ";;"},
		`property "delimiter": "\"" is not one character`:         {"datasource": "a", "delimiter": `"`},
		`property "replaySpeed" must be above 0`:                  {"datasource": "a", "replaySpeed": 0.0},
		`properties "replayField" and "sendInterval" exclude`:     {"datasource": "a", "replayField": "t", "sendInterval": 5},
		`DATASOURCE "[" is no pattern`:                            {"datasource": "["},
		`property "ignoreEndLines": at most 10000 lines`:          {"datasource": "a", "ignoreEndLines": 20000},
		`properties "ignoreStartLines" and "ignoreEndLines" must`: {"datasource": "a", "ignoreStartLines": -1},
		`property "parallel": not supported: they are read`:       {"datasource": "a", "parallel": true},
		`unknown property "pathh"; did you mean "path"?`:          {"datasource": "a", "pathh": "x"},
	} {
		if _, _, err := sourceOf(dir, p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %s", p, err, want)
		}
	}
	for _, p := range []props{{"path": "sub", "datasource": "folder"}, {"path": "sub", "parallel": false}, {"datasource": "*.csv", "fileType": "CSV"}, {"datasource": filepath.Join(dir, "a.json")}} {
		if _, _, err := sourceOf(dir, p); err != nil {
			t.Error(err)
		}
	}
	_, c, err := sourceOf(dir, props{"datasource": "a", "fileType": "csv", "actionAfterRead": 1})
	if err != nil || c.Format != "texts" || !c.Finite || !c.Durable {
		t.Errorf("%+v, %v", c, err)
	}
	_, c, err = sourceOf(dir, props{"datasource": "a", "interval": 5})
	if err != nil || c.Format != "" || c.Finite || c.Durable {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestConnectTellsWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a"), "")
	for _, c := range []struct {
		props props
		want  string
	}{
		{props{"datasource": "nothing"}, "no such file"},
		{props{"path": "nothing"}, "no such file"},
		{props{"path": "a"}, "is no folder"},
		{props{"path": dir, "datasource": "a/b"}, "not a directory"},
	} {
		s, _, err := sourceOf(dir, c.props)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Connect(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v", c.props, err)
		}
	}
}

func exists(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

// Files stay until all that was read of them is acknowledged.
func TestAfterRead(t *testing.T) {
	dir := t.TempDir()
	path, done := filepath.Join(dir, "in", "a.log"), filepath.Join(dir, "done", "a.log")
	put(t, done, "older")
	put(t, path, strings.Repeat("line\n", readAtOnce+1))
	s := openSource(t, dir, props{"path": "in", "fileType": "lines", "actionAfterRead": 2, "moveTo": "done"})
	var acks []func(error)
	for range 2 {
		_, ack, err := s.Read(t.Context())
		if err != nil || ack == nil {
			t.Fatal(err)
		}
		acks = append(acks, ack)
	}
	acks[1](nil)
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, _, err := s.Read(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	if !exists(t, path) {
		t.Fatal("the file is gone before all of it was taken")
	}
	go acks[0](nil)
	if got, err := readAll(t, s); len(got) > 0 || !errors.Is(err, connector.ErrEndOfInput) {
		t.Fatal(got, err)
	}
	if exists(t, path) || !exists(t, filepath.Join(dir, "done", "a-1.log")) {
		t.Error("the file was not moved beside the older one")
	}
	if b, err := os.ReadFile(done); err != nil || string(b) != "older" {
		t.Error("a file was overwritten:", string(b), err)
	}
}

// What could not be taken is read again, and only then deleted.
func TestReadAgainWhatWasNotTaken(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.log")
	put(t, path, "1\n2\n")
	s := openSource(t, dir, props{"datasource": "a.log", "fileType": "lines", "actionAfterRead": 1})
	_, ack, err := s.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ack(errors.New("the rules have gone"))
	if _, _, err := s.Read(t.Context()); err == nil || !strings.Contains(err.Error(), "was not taken completely and is read again: the rules have gone") {
		t.Fatal(err)
	}
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := readAll(t, s); len(got) != 2 || !errors.Is(err, connector.ErrEndOfInput) {
		t.Error(got, err)
	}
	if exists(t, path) {
		t.Error("the file is still there")
	}
}

// A file that changes while it is read is read again.
func TestChangedFileIsKept(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.log")
	put(t, path, "1\n")
	s := openSource(t, dir, props{"path": ".", "fileType": "lines", "actionAfterRead": 1, "interval": 1})
	_, ack, err := s.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	put(t, path, "1\n2\n")
	ack(nil)
	msgs, ack, err := s.Read(t.Context())
	if err != nil || len(msgs) != 2 {
		t.Fatal(len(msgs), err)
	}
	ack(nil)
	for deadline := time.Now().Add(time.Minute); exists(t, path) && time.Now().Before(deadline); {
		short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		_, _, err = s.Read(short)
		cancel()
	}
	if exists(t, path) {
		t.Error("the file is still there", err)
	}
}

// Of a folder what is new is read, a single file is read again each time.
func TestInterval(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a.log"), "a\n")
	put(t, filepath.Join(dir, ".hidden.log"), "h\n")
	put(t, filepath.Join(dir, "b.txt"), "b\n")
	if err := os.Mkdir(filepath.Join(dir, "c.log"), 0o750); err != nil {
		t.Fatal(err)
	}
	folder := openSource(t, dir, props{"path": ".", "datasource": "*.log", "fileType": "lines", "interval": 1})
	next := func(s connector.Source) string {
		t.Helper()
		msgs, ack, err := s.Read(t.Context())
		if err != nil || len(msgs) != 1 || ack != nil {
			t.Fatal(msgs, err)
		}
		if m := msgs[0].Meta; filepath.Dir(m.Get("file").Str()) != dir || !m.Get("x").IsMissing() || m.All().Object().Len() != 1 {
			t.Error(m)
		}
		return string(msgs[0].Payload)
	}
	if got := next(folder); got != "a" {
		t.Error(got)
	}
	put(t, filepath.Join(dir, "d.log"), "d\n")
	if got := next(folder); got != "d" {
		t.Error(got)
	}
	put(t, filepath.Join(dir, "a.log"), "changed\n")
	if got := next(folder); got != "changed" {
		t.Error(got)
	}
	for _, p := range []props{{"path": ".", "datasource": "sub"}, {"datasource": filepath.Join(dir, "sub")}} { // a folder by its name
		put(t, filepath.Join(dir, "sub", "e.log"), "e\n")
		p["fileType"] = "lines"
		if got, err := readAll(t, openSource(t, dir, p)); !slices.Equal(got, []string{"e"}) {
			t.Error(got, err)
		}
	}
	single := openSource(t, dir, props{"datasource": "a.log", "fileType": "lines", "interval": 1})
	for range 3 {
		if got := next(single); got != "changed" {
			t.Error(got)
		}
	}
}

// A link in the folder does not lead out of it.
func TestLinksOutside(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "files")
	put(t, filepath.Join(top, "secret"), "secret\n")
	put(t, filepath.Join(dir, "a"), "a\n")
	if err := os.Symlink(filepath.Join(top, "secret"), filepath.Join(dir, "b")); err != nil {
		t.Fatal(err)
	}
	s := openSource(t, dir, props{"path": ".", "fileType": "lines"})
	if got, _ := readAll(t, s); !slices.Equal(got, []string{"a"}) {
		t.Error(got)
	}
	if r := s.(connector.Receiver).Reception(); r.Ignored["links to files outside"] != 1 {
		t.Errorf("%+v", r)
	}
}

// Rows come with the pauses that are configured, or that lie between their
// times.
func TestPauses(t *testing.T) {
	dir := t.TempDir()
	at := time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)
	ms := func(d time.Duration) string { return fmt.Sprint(at.Add(d).UnixMilli()) }
	put(t, filepath.Join(dir, "a.csv"), "n,t\n1,"+ms(0)+"\n2,"+ms(10*time.Second)+"\n3,"+ms(10*time.Second)+"\n4,"+ms(5*time.Second)+"\n5,"+ms(time.Minute)+"\n")
	put(t, filepath.Join(dir, "a.json"), `[{"e":{"t":"2026-01-31T08:00:00Z"}},{"e":{"t":"2026-01-31 08:00:20"}},{"e":{}},{"e":{"t":`+ms(time.Minute)+`}}]`)
	for name, c := range map[string]struct {
		props props
		want  string
	}{
		"pause":    {props{"datasource": "a.csv", "fileType": "csv", "hasHeader": true, "sendInterval": "3s"}, "0s 3s 6s 9s 12s"},
		"original": {props{"datasource": "a.csv", "fileType": "csv", "hasHeader": true, "replayField": "t"}, "0s 10s 10s 10s 1m0s"},
		"scaled":   {props{"datasource": "a.csv", "fileType": "csv", "hasHeader": true, "replayField": "t", "replaySpeed": 10}, "0s 1s 1s 1s 6s"},
		"json":     {props{"datasource": "a.json", "replayField": "e.t", "replaySpeed": "0.5"}, "0s 40s 40s 2m0s"},
		"unpaced":  {props{"datasource": "a.json"}, "0s 0s 0s 0s"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := openSource(t, dir, c.props)
				start := time.Now()
				var got []string
				for {
					msgs, _, err := s.Read(t.Context())
					if err != nil {
						break
					}
					for range msgs {
						got = append(got, time.Since(start).String())
					}
				}
				if strings.Join(got, " ") != c.want {
					t.Errorf("got %v, want %s", got, c.want)
				}
			})
		})
	}
}

// The suite, with a folder for a server that goes and comes back.
func TestSourceConformance(t *testing.T) {
	for action, acks := range []bool{false, true} {
		t.Run(fmt.Sprint("actionAfterRead ", action), func(t *testing.T) {
			var dir string
			n := 0
			h := connectortest.Source{
				New: func(t *testing.T) connector.Source {
					dir = filepath.Join(t.TempDir(), "in")
					if err := os.Mkdir(dir, 0o750); err != nil {
						t.Fatal(err)
					}
					s, _, err := sourceOf(filepath.Dir(dir), props{"path": "in", "fileType": "lines", "interval": 5, "actionAfterRead": action})
					if err != nil {
						t.Fatal(err)
					}
					return s
				},
				Send: func(t *testing.T, payloads ...string) {
					n++
					put(t, filepath.Join(dir, fmt.Sprint(n, ".log")), strings.Join(payloads, "\n")+"\n")
				},
				Break: func(t *testing.T) {
					if err := os.Rename(dir, dir+".gone"); err != nil {
						t.Fatal(err)
					}
				},
				Mend: func(t *testing.T) {
					if err := os.Rename(dir+".gone", dir); err != nil {
						t.Fatal(err)
					}
				},
				Acks: acks,
			}
			h.Run(t)
		})
	}
}

// No file brings the reader down, or lets it read without end.
func FuzzRecords(f *testing.F) {
	f.Add("csv", "a,b\n\"1\n", "")
	f.Add("json", `[{"a":1},`, "a")
	f.Add("json", "[[[1]]]{}", "a.b")
	f.Add("lines", "\r\n\r", "t")
	f.Fuzz(func(t *testing.T, kind, content, at string) {
		c := SourceConfig{FileType: kind, Delimiter: ",", ReplayField: at, HasHeader: len(content)%2 == 0, IgnoreStart: len(at) % 3, IgnoreEnd: len(content) % 3}
		path := filepath.Join(t.TempDir(), "a")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		in, err := openInput(path, &c)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		r, err := newRecords(in, &c)
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; ; n++ {
			_, _, err := r.next(nil)
			var wrong *skipped
			if err != nil && !errors.As(err, &wrong) {
				return
			}
			if n > len(content)+1 {
				t.Fatal("more records than bytes")
			}
		}
	})
}
