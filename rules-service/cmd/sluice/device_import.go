package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// deviceImportCmd creates and updates devices from a list.
type deviceImportCmd struct {
	File string `arg:"" help:"The list in CSV, - for the standard input."`
	deviceChange
}

// Help shows what a list looks like.
func (*deviceImportCmd) Help() string {
	return `The first line names the columns: name and profile, then description, labels (with blanks between them), autoEvents
(source@interval, with ! for onChange) and properties such as modbus-tcp.Address. Lines that begin with # are comments.

  name,profile,modbus-tcp.Address,modbus-tcp.UnitID,autoEvents
  meter-1,Modbus-Three-Phase-Meter,192.168.0.30,1,Values@1s
  meter-2,Modbus-Three-Phase-Meter,192.168.0.30,2,Values@1s ImportedEnergy@1m!

With a line that is wrong nothing is changed. A list can be sent again: what is as it should be stays.`
}

// Run shows the difference first.
func (c *deviceImportCmd) Run(s *session, d *deviceService) error {
	text, err := s.readFile(c.File)
	if err != nil {
		return usage{err}
	}
	parts, err := listParts(text)
	if err != nil {
		return usage{fmt.Errorf("%s: %w", c.File, err)}
	}
	return c.carryOut(s, d, "import", parts)
}

// listParts cuts a list into some of partSize devices, each below the head
// line.
func listParts(text string) ([]part, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.Comment, r.TrimLeadingSpace, r.FieldsPerRecord = '#', true, -1
	if _, err := r.Read(); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("the list is empty; its first line names the columns, such as name,profile,modbus-tcp.Address")
		}
		return nil, err
	}
	begin := int(r.InputOffset())
	head, headLines := text[:begin], strings.Count(text[:begin], "\n")
	if !strings.HasSuffix(head, "\n") {
		head += "\n"
	}
	var parts []part
	for records, ended := 0, false; !ended; {
		_, err := r.Read()
		switch {
		case errors.Is(err, io.EOF):
			ended = true
		case err != nil:
			return nil, err
		default:
			records++
		}
		if end := int(r.InputOffset()); records == partSize || ended && (records > 0 || len(parts) == 0) {
			shift := strings.Count(text[:begin], "\n") - headLines
			parts = append(parts, part{body: head + text[begin:end], line: func(n int) int { return n + shift }})
			begin, records = end, 0
		}
	}
	return parts, nil
}
