package sqltest

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"sluice/sqlengine/diag"
)

// source is a text of a case and where it stands: in a section, or in a file
// that the section names.
type source struct {
	file string
	line int // of the first line
	text string
	rule string // the id of the rule that is meant, where there are several
}

// source returns what a section holds. A section "file PATH" stands for that
// file, beside the case; "file PATH rule ID" for a rule in it.
func (c *Case) source(name string) (source, error) {
	s := c.archive.find(name)
	if s == nil {
		return source{file: c.file, line: 1}, nil
	}
	src := source{file: c.file, line: s.line + 1, text: s.text}
	path, ok := strings.CutPrefix(strings.TrimSpace(s.text), "file ")
	if !ok {
		return src, nil
	}
	path, id, _ := strings.Cut(path, " rule ")
	path = filepath.Join(filepath.Dir(c.file), strings.TrimSpace(path))
	data, err := os.ReadFile(path)
	if err != nil {
		return src, src.wrap(0, err)
	}
	return source{path, 1, plainText(data), strings.TrimSpace(id)}, nil
}

// plainText drops what editors of other systems write: a byte order mark, and
// carriage returns when all lines have one.
func plainText(data []byte) string {
	text := strings.TrimPrefix(string(data), "\ufeff")
	if strings.Count(text, "\r\n") < strings.Count(text, "\n") {
		return text
	}
	return strings.ReplaceAll(text, "\r\n", "\n")
}

// wrap says where an error is, by its offset in the text.
func (s source) wrap(offset int, err error) error {
	return fmt.Errorf("%s:%d: %w", s.file, s.lineOf(offset), err)
}

func (s source) lineOf(offset int) int {
	return s.line + strings.Count(s.text[:min(offset, len(s.text))], "\n")
}

// findings draws what is wrong with a statement that stands at the offset,
// with the lines of the file.
func (s source) findings(offset int, err error) error {
	var list diag.List
	if !errors.As(err, &list) {
		return s.wrap(offset, err)
	}
	above := strings.Repeat("\n", s.line-1)
	parts := make([]string, len(list))
	for i, e := range list {
		at := *e
		at.Span.Start += len(above) + offset
		at.Span.End += len(above) + offset
		parts[i] = s.file + ":" + at.Render(above+s.text)
	}
	return errors.New(strings.Join(parts, "\n\n"))
}

// lines yields each line that is neither blank nor a comment, trimmed, with
// the offset at which it begins.
func (s source) lines() iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		at := 0
		for line := range strings.Lines(s.text) {
			text := strings.TrimSpace(line)
			if text != "" && text[0] != '#' && !yield(at, text) {
				return
			}
			at += len(line)
		}
	}
}
