package edgex

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
)

// A list of devices is CSV with a head line. The columns name and profile are
// required; description, labels (with spaces between them) and autoEvents may
// follow. Every other column is a property of a protocol, such as
// modbus-tcp.Address; an empty cell leaves the property out. Auto-events are
// written source@interval, with ! behind it for onChange, and spaces between
// them: "Values@1s Alarm@100ms!". Lines that begin with # are comments.

// parseDevices reads a list. A line that is not right is a row with an error; a
// list that cannot be read at all is an error.
func parseDevices(in io.Reader) ([]row, error) {
	r := csv.NewReader(in)
	r.Comment, r.TrimLeadingSpace, r.FieldsPerRecord = '#', true, -1
	head, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the list is empty; its first line names the columns, such as name,profile,modbus-tcp.Address")
	}
	if err != nil {
		return nil, fmt.Errorf("list of devices: %w", err)
	}
	columns, err := parseHead(head)
	if err != nil {
		return nil, err
	}
	var rows []row
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		var syntax *csv.ParseError
		if errors.As(err, &syntax) && syntax.StartLine > 0 {
			return nil, fmt.Errorf("list of devices: %w", err) // what follows cannot be told apart
		}
		if err != nil {
			return nil, fmt.Errorf("list of devices: %w", err)
		}
		line, _ := r.FieldPos(0)
		rows = append(rows, parseRow(line, columns, cells))
	}
}

func parseHead(head []string) ([]string, error) {
	columns := make([]string, len(head))
	seen := map[string]bool{}
	for i, c := range head {
		c = strings.TrimSpace(strings.TrimPrefix(c, "\ufeff"))
		protocol, property, dotted := strings.Cut(c, ".")
		switch {
		case seen[c]:
			return nil, fmt.Errorf("column %q stands there twice", c)
		case c == "name", c == "profile", c == "description", c == "labels", c == "autoEvents":
		case !dotted || protocol == "" || property == "":
			return nil, fmt.Errorf("column %q is unknown; there are name, profile, description, labels, autoEvents, and properties such as modbus-tcp.Address", c)
		}
		seen[c], columns[i] = true, c
	}
	if !seen["name"] || !seen["profile"] {
		return nil, errors.New("the list needs the columns name and profile")
	}
	return columns, nil
}

func parseRow(line int, columns, cells []string) row {
	r := row{Line: line, device: models.Device{AdminState: models.Unlocked, OperatingState: models.Up, Protocols: map[string]models.ProtocolProperties{}}}
	if len(cells) != len(columns) {
		r.fail(fmt.Errorf("%d cells where the head line has %d", len(cells), len(columns)))
		return r
	}
	for i, cell := range cells {
		if err := r.set(columns[i], strings.TrimSpace(cell)); err != nil {
			r.fail(fmt.Errorf("column %s: %w", columns[i], err))
			return r
		}
	}
	r.Name = r.device.Name
	switch {
	case r.Name == "":
		r.fail(errors.New("column name: is empty"))
	case r.device.ProfileName == "":
		r.fail(errors.New("column profile: is empty"))
	}
	return r
}

func (r *row) set(column, cell string) (err error) {
	d := &r.device
	switch column {
	case "name":
		d.Name = cell
	case "profile":
		d.ProfileName = cell
	case "description":
		d.Description = cell
	case "labels":
		d.Labels = strings.Fields(cell)
	case "autoEvents":
		d.AutoEvents, err = parseAutoEvents(cell)
	default:
		protocol, property, _ := strings.Cut(column, ".")
		if cell == "" {
			return nil
		}
		if d.Protocols[protocol] == nil {
			d.Protocols[protocol] = models.ProtocolProperties{}
		}
		d.Protocols[protocol][property] = cell
	}
	return err
}

func parseAutoEvents(cell string) ([]models.AutoEvent, error) {
	events := []models.AutoEvent{}
	for _, word := range strings.Fields(cell) {
		source, interval, ok := strings.Cut(word, "@")
		interval, onChange := strings.CutSuffix(interval, "!")
		if !ok || source == "" || interval == "" {
			return nil, fmt.Errorf("%q is no auto-event such as Values@1s", word)
		}
		events = append(events, models.AutoEvent{SourceName: source, Interval: interval, OnChange: onChange})
	}
	return events, nil
}

// autoEventsText is the reverse of parseAutoEvents.
func autoEventsText(events []models.AutoEvent) string {
	words := make([]string, len(events))
	for i, e := range events {
		words[i] = e.SourceName + "@" + e.Interval
		if e.OnChange {
			words[i] += "!"
		}
	}
	return strings.Join(words, " ")
}
