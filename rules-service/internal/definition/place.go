package definition

import (
	"bytes"
	"encoding/json"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Place is a position in a file, both counted from 1, columns in characters.
type Place struct{ Line, Column int }

// depth is how deep places are known: an entry of a group of a ruleset.
const depth = 2

// Document is one JSON value of a file.
type Document struct {
	Text   string
	places map[string]Place // by the path of keys and indexes
}

// At is where the value with a path of at most two keys or indexes begins.
func (d *Document) At(path ...string) Place {
	if p, ok := d.places[pathOf(path)]; ok {
		return p
	}
	return Place{1, 1}
}

func pathOf(path []string) string { return strings.Join(path, "\x00") }

// lines finds lines and columns in a text.
type lines struct {
	text   string
	starts []int
}

func newLines(text string) lines {
	l := lines{text, []int{0}}
	for i := range len(text) {
		if text[i] == '\n' {
			l.starts = append(l.starts, i+1)
		}
	}
	return l
}

func (l lines) place(offset int) Place {
	line := sort.SearchInts(l.starts, offset+1)
	return Place{line, utf8.RuneCountInString(l.text[l.starts[line-1]:offset]) + 1}
}

// jsonPlaces finds where the values of a text begin that is JSON.
func jsonPlaces(text string) map[string]Place {
	w := jsonWalk{text: text, lines: newLines(text), dec: json.NewDecoder(strings.NewReader(text)), places: map[string]Place{}}
	w.value(nil)
	return w.places
}

type jsonWalk struct {
	text   string
	lines  lines
	dec    *json.Decoder
	places map[string]Place
}

// value reads the next value.
func (w *jsonWalk) value(path []string) {
	start := int(w.dec.InputOffset())
	start += len(w.text[start:]) - len(strings.TrimLeft(w.text[start:], " \t\r\n,:"))
	w.places[pathOf(path)] = w.lines.place(start)
	if start == len(w.text) || len(path) == depth || w.text[start] != '{' && w.text[start] != '[' {
		_ = w.dec.Decode(new(json.RawMessage)) // the text was checked
		return
	}
	_, _ = w.dec.Token()
	for i := 0; w.dec.More(); i++ {
		name := strconv.Itoa(i)
		if w.text[start] == '{' {
			key, _ := w.dec.Token()
			name, _ = key.(string)
		}
		w.value(append(path[:len(path):len(path)], name))
	}
	_, _ = w.dec.Token()
}

// CheckJSON says where a text stops being JSON.
func CheckJSON(text string) error {
	err := json.Unmarshal([]byte(text), new(json.RawMessage))
	if syntax, ok := err.(*json.SyntaxError); ok { //nolint:errorlint // it is not wrapped
		before := text[:min(int(syntax.Offset), len(text))]
		return &notJSON{1 + strings.Count(before, "\n"), len(before) - strings.LastIndexByte(before, '\n') - 1, err}
	}
	return err
}

// notJSON is a syntax error with its place.
type notJSON struct {
	line, column int
	err          error
}

func (e *notJSON) Error() string {
	return strconv.Itoa(e.line) + ":" + strconv.Itoa(e.column) + ": not JSON: " + e.err.Error()
}

func (e *notJSON) Unwrap() error { return e.err }

// isText tells whether raw is a JSON string.
func isText(raw json.RawMessage) bool { return bytes.HasPrefix(raw, []byte(`"`)) }
