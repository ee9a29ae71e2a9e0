package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// longestResult bounds a line of results.
const longestResult = 16 << 20

// results prints what comes: lines of JSON, or server-sent events, whose data
// is such lines. It ends after most of them, unless that is 0.
func (s *session) results(from io.Reader, most int) error {
	lines, failed := bufio.NewScanner(from), 0
	lines.Buffer(nil, longestResult)
	for n := 0; (most == 0 || n < most) && lines.Scan(); {
		text := resultOf(lines.Text())
		if text == "" {
			continue
		}
		n++
		h := readHappening(text)
		if h.Error != "" {
			failed++
		}
		if err := s.result(h, text); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("results: %w", err)
	}
	if failed > 0 {
		return found{fmt.Sprintf("failed: %d", failed)}
	}
	return nil
}

// resultOf is the result in a line, or nothing.
func resultOf(line string) string {
	for _, field := range []string{":", "event:", "id:", "retry:"} {
		if strings.HasPrefix(line, field) {
			return ""
		}
	}
	return strings.TrimSpace(strings.TrimPrefix(line, "data:"))
}

// happening is a result of given rows.
type happening struct {
	Time   *int64          // milliseconds since the start
	Result json.RawMessage // or an error
	Error  string
}

// readHappening reads a line of results. What comes live is no happening: it is
// the result itself.
func readHappening(text string) happening {
	var h happening
	if json.Unmarshal([]byte(text), &h) != nil || h.Time == nil {
		return happening{}
	}
	return h
}

func (s *session) result(h happening, text string) error {
	switch {
	case s.form == "yaml":
		out, err := yamlOf(text)
		s.printf("---\n%s", out)
		return err
	case !s.tables() || h.Time == nil:
		s.printf("%s\n", text)
	case h.Error != "":
		s.printf("@%s error: %s\n", time.Duration(*h.Time)*time.Millisecond, oneLine(h.Error))
	default:
		s.printf("@%s %s\n", time.Duration(*h.Time)*time.Millisecond, h.Result)
	}
	return nil
}
