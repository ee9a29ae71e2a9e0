package file

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/rules-service/internal/connector"
)

const benchRows = 20_000

// BenchmarkSource reads a file of each type: in turn with the source, and with
// the standard library alone.
func BenchmarkSource(b *testing.B) {
	for _, c := range []struct {
		name  string
		props props
		head  string
		row   func(i int) string
		bare  func(f io.Reader) (int, error)
	}{
		{"lines", props{"fileType": "lines"}, "", func(i int) string {
			return fmt.Sprintf(`{"device":"d%d","temperature":%d.5,"humidity":40}`, i%50, i%100)
		}, bareLines},
		{"json", props{}, "", func(i int) string {
			return fmt.Sprintf(`{"device":"d%d","temperature":%d.5,"humidity":40}`, i%50, i%100)
		}, bareJSON},
		{"csv", props{"fileType": "csv", "hasHeader": true}, "device,temperature,humidity\n", func(i int) string { return fmt.Sprintf("d%d,%d.5,40", i%50, i%100) }, bareCSV},
	} {
		b.Run(c.name, func(b *testing.B) {
			dir := b.TempDir()
			rows := make([]string, benchRows)
			for i := range rows {
				rows[i] = c.row(i)
			}
			path := filepath.Join(dir, "in")
			put(b, path, c.head+strings.Join(rows, "\n")+"\n")
			all := props{"datasource": "in"}
			for k, v := range c.props {
				all[k] = v
			}
			var ours, theirs time.Duration
			b.ReportAllocs()
			for b.Loop() {
				start := time.Now()
				if n := readFile(b, dir, all); n != benchRows {
					b.Fatal(n, "rows")
				}
				ours += time.Since(start)
				start = time.Now()
				f, err := os.Open(path)
				if err != nil {
					b.Fatal(err)
				}
				if n, err := c.bare(f); n != benchRows || err != nil {
					b.Fatal(n, err)
				}
				_ = f.Close()
				theirs += time.Since(start)
			}
			report(b, benchRows, ours, theirs)
		})
	}
}

func report(b *testing.B, rows int, ours, theirs time.Duration) {
	b.ReportMetric(float64(b.N*rows)/ours.Seconds(), "rows/s")
	b.ReportMetric(float64(b.N*rows)/theirs.Seconds(), "bare-rows/s")
	b.ReportMetric(100*theirs.Seconds()/ours.Seconds(), "%-of-bare")
}

func readFile(b *testing.B, dir string, p props) (n int) {
	s, _, err := sourceOf(dir, p)
	if err == nil {
		err = s.Connect(b.Context())
	}
	for err == nil {
		var msgs []connector.Inbound
		msgs, _, err = s.Read(b.Context())
		n += len(msgs)
	}
	if !errors.Is(err, connector.ErrEndOfInput) {
		b.Fatal(err)
	}
	return n
}

func bareLines(f io.Reader) (n int, err error) {
	s := bufio.NewScanner(f)
	for s.Scan() {
		_ = strings.Clone(s.Text())
		n++
	}
	return n, s.Err()
}

func bareJSON(f io.Reader) (n int, err error) {
	d := json.NewDecoder(f)
	for {
		var row json.RawMessage
		if err := d.Decode(&row); err == io.EOF {
			return n, nil
		} else if err != nil {
			return n, err
		}
		n++
	}
}

func bareCSV(f io.Reader) (n int, err error) {
	r := csv.NewReader(f)
	for {
		if _, err := r.Read(); err == io.EOF {
			return n - 1, nil
		} else if err != nil {
			return n, err
		}
		n++
	}
}

// BenchmarkSink writes batches of messages, which are JSON: in turn with the
// sink, and with the standard library alone, from texts at hand. Both count them as written
// when they are on disk.
func BenchmarkSink(b *testing.B) {
	const batch = 1000
	rows, cells := make([]string, batch), make([][]string, batch)
	for i := range batch {
		rows[i] = fmt.Sprintf(`{"device":"d%d","humidity":40,"temperature":%d.5}`, i%50, i%100)
		cells[i] = []string{fmt.Sprint("d", i%50), "40", fmt.Sprint(i%100, ".5")}
	}
	lines := func(between string) func(io.Writer) error {
		return func(f io.Writer) error {
			_, err := io.WriteString(f, strings.Join(rows, between)+"\n")
			return err
		}
	}
	for _, c := range []struct {
		name  string
		props props
		bare  func(f io.Writer) error
	}{
		{"lines", props{}, lines("\n")},
		{"json", props{"fileType": "json"}, lines(",\n")},
		{"csv", props{"fileType": "csv"}, func(f io.Writer) error { return csv.NewWriter(f).WriteAll(cells) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			dir := b.TempDir()
			c.props["path"] = "out"
			s := newWriters(dir).open(b, c.props)
			msgs := messages(rows...)
			f, err := os.Create(filepath.Join(dir, "bare"))
			if err != nil {
				b.Fatal(err)
			}
			defer f.Close()
			var ours, theirs time.Duration
			b.ReportAllocs()
			for b.Loop() {
				start := time.Now()
				if err := s.Write(b.Context(), msgs); err != nil {
					b.Fatal(err)
				}
				ours += time.Since(start)
				start = time.Now()
				if err := errors.Join(c.bare(f), f.Sync()); err != nil {
					b.Fatal(err)
				}
				theirs += time.Since(start)
			}
			report(b, batch, ours, theirs)
		})
	}
}
