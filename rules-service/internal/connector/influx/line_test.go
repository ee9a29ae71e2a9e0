package influx

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/sqlengine/value"
)

// parseLine reads a line of the protocol by its grammar: an escape is a
// backslash with a special character behind it.
func parseLine(t *testing.T, line string) (measurement string, tags, fields map[string]string) {
	t.Helper()
	tags, fields = map[string]string{}, map[string]string{}
	rest := line
	until := func(ends, special string) (text string, end byte) {
		var b strings.Builder
		for i := 0; i < len(rest); i++ {
			switch c := rest[i]; {
			case c == '\\' && i+1 < len(rest) && strings.IndexByte(special, rest[i+1]) >= 0:
				i++
				b.WriteByte(rest[i])
			case strings.IndexByte(ends, c) >= 0:
				rest = rest[i+1:]
				return b.String(), c
			default:
				b.WriteByte(c)
			}
		}
		t.Fatalf("%q ends where one of %q is wanted", line, ends)
		return "", 0
	}
	measurement, end := until(", ", ", ")
	for end == ',' {
		var name, text string
		name, _ = until("=", ",= ")
		text, end = until(", ", ",= ")
		tags[name] = text
	}
	for end = ','; end == ','; {
		name, _ := until("=", ",= ")
		if strings.HasPrefix(rest, `"`) {
			rest = rest[1:]
			text, _ := until(`"`, `"\`)
			fields[name] = text
			end, rest = rest[0], rest[1:]
			continue
		}
		fields[name], end = until(", ", "")
	}
	if rest != "1" {
		t.Fatalf("%q has the time %q", line, rest)
	}
	return measurement, tags, fields
}

// Whatever names and texts are, the line is one line, and has them.
func FuzzLine(f *testing.F) {
	f.Add("m", "t", "v", "f", "text")
	f.Add("a b,c=d", "x=y", "1, 2", "g,h", "quoted \"text\" \\")
	f.Add("#", `\`, `a\`, "\n", "line\nbreak")
	f.Add(`m\`, `n\,`, `\=`, ` `, "\\\"")
	f.Fuzz(func(t *testing.T, measurement, name, text, column, cell string) {
		line, err := appendHead(nil, measurement, []tag{{name, text}})
		if err != nil {
			return
		}
		row := value.FieldsOf([]string{column}, []value.Value{value.OfString(cell)})
		if line, err = appendFields(append(line, ' '), row, nil); err != nil {
			return
		}
		line = append(line, " 1"...)
		// A backslash in front of a special character cannot be told from an
		// escape in names: the server has it both ways.
		for _, s := range []string{measurement, name, text, column} {
			if strings.Contains(s, `\`) {
				return
			}
		}
		m, tags, fields := parseLine(t, string(line))
		if m != writable(measurement) || fields[writable(column)] != cell {
			t.Errorf("%q: %q %v", line, m, fields)
		}
		if n, v := writable(name), writable(text); n != "" && v != "" && v != noValue && tags[n] != v {
			t.Errorf("%q: %v", line, tags)
		}
	})
}

// A real server reads what is written, backslashes included.
func TestEscapes(t *testing.T) {
	p := influxDB(t)
	s := v1(t, p, nil)
	texts := []string{`a`, `a b`, `a,b`, `a=b`, `a\b`, `a\,b`, `a\ b`, `a\=b`, `\a`, `"a"`, `a"b`, "ü€", `a\\b`, "tab\there", `{{}}`, `'a'`, `a;b`}
	for i, text := range texts {
		m := connectortest.Rows(t, map[string]string{"measurement": "m", "tags.t": text, "tags.i": fmt.Sprint(i)}, object(t, text))
		if err := s.Write(t.Context(), []connector.Outbound{m}); err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		var got struct{ F, T string }
		points := ask(t, p, fmt.Sprintf("SELECT f, t FROM m WHERE i = '%d'", i))
		if len(points) != 1 {
			t.Fatalf("%q: %v", text, points)
		}
		if err := json.Unmarshal([]byte(points[0]), &got); err != nil {
			t.Fatal(err)
		}
		if got.F != text || got.T != text {
			t.Errorf("%q came as field %q and tag %q", text, got.F, got.T)
		}
	}
}

// object is a row with the text in column f.
func object(t *testing.T, text string) string {
	t.Helper()
	b, err := json.Marshal(map[string]string{"f": text})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
