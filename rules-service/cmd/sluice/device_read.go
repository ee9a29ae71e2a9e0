package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// deviceReadCmd reads values.
type deviceReadCmd struct {
	Device  string   `arg:"" help:"Name of the device."`
	Sources []string `arg:"" optional:"" name:"source" help:"Commands, resources, or regular expressions of resources; without, all resources that can be read."`
	Push    bool     `help:"Also publish the events on EdgeX's message bus."`
	Literal bool     `help:"Take sources as they are, and not for regular expressions."`
}

// everything is the regular expression of all resources.
const everything = ".+"

// reading is one value of an event.
type reading struct {
	Origin       int64           `json:"origin"`
	ResourceName string          `json:"resourceName"`
	ValueType    string          `json:"valueType"`
	Units        string          `json:"units,omitempty"`
	Value        string          `json:"value"`
	BinaryValue  []byte          `json:"binaryValue,omitempty"`
	ObjectValue  json.RawMessage `json:"objectValue,omitempty"`
}

// Run reads each source in one command.
func (c *deviceReadCmd) Run(s *session, d *deviceService) error {
	sources, query, err := c.what()
	if err != nil {
		return err
	}
	one, _, err := d.device(s.ctx, c.Device)
	if err != nil {
		return err
	}
	var read []string
	var events []json.RawMessage
	var readings []reading
	var failed []error
	for _, source := range sources {
		event, some, err := c.read(s, d, source, query)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		if !one.commands(source) { // the service has no order for what an expression means
			slices.SortStableFunc(some, func(a, b reading) int { return one.place(a.ResourceName) - one.place(b.ResourceName) })
		}
		read, events, readings = append(read, source), append(events, event), append(readings, some...)
	}
	if len(events) > 0 {
		failed = append(failed, c.show(s, events, readings), c.missing(s, d, &one, read, readings))
	}
	return errors.Join(failed...)
}

// read reads one source.
func (c *deviceReadCmd) read(s *session, d *deviceService, source, query string) (json.RawMessage, []reading, error) {
	var answer struct{ Event json.RawMessage }
	var event struct{ Readings []reading }
	a, err := d.exchange(s.ctx, http.MethodGet, commandPath(c.Device, source)+query, nil, &answer)
	if err != nil {
		return nil, nil, d.withHint(s.ctx, c.Device, source, err)
	}
	if err := json.Unmarshal(answer.Event, &event); err != nil {
		return nil, nil, d.foreign(fmt.Errorf("%w: %s", err, oneLine(a.body)))
	}
	return answer.Event, event.Readings, nil
}

// what are the sources, and the query for each.
func (c *deviceReadCmd) what() (sources []string, query string, err error) {
	q := url.Values{}
	if c.Push {
		q.Set("ds-pushevent", "true")
	}
	if c.Literal {
		q.Set("ds-regexcmd", "false")
	}
	if len(q) > 0 {
		query = "?" + q.Encode()
	}
	switch {
	case len(c.Sources) > 0:
		return c.Sources, query, nil
	case c.Literal:
		return nil, "", usage{errors.New("--literal needs a source")}
	}
	return []string{everything}, query, nil
}

func (c *deviceReadCmd) show(s *session, events []json.RawMessage, readings []reading) error {
	if !s.tables() {
		return s.show(events)
	}
	rows := [][]string{{"RESOURCE", "VALUE", "UNITS", "TYPE", "TIME"}}
	for i := range readings {
		rows = append(rows, readings[i].row())
	}
	return s.table(rows)
}

// missing names the resources that were asked for and have no value. The
// service leaves them out of its events, and knows why.
func (c *deviceReadCmd) missing(s *session, d *deviceService, one *device, sources []string, readings []reading) error {
	var names []string
	for i := range one.Sources {
		r := &one.Sources[i]
		is := func(v reading) bool { return v.ResourceName == r.Name }
		wanted := func(source string) bool { return one.covers(source, r.Name) }
		if r.Kind == "resource" && r.readable() && slices.ContainsFunc(sources, wanted) && !slices.ContainsFunc(readings, is) {
			names = append(names, r.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	after, _, err := d.device(s.ctx, c.Device)
	if err != nil {
		return err
	}
	for i, name := range names {
		names[i] = name + " was not read: " + oneLine(cmp.Or(after.Faults[name], "the service does not say why"))
	}
	return found{strings.Join(names, "\n")}
}

// commands tells whether a source is a device command.
func (d *device) commands(source string) bool {
	return slices.ContainsFunc(d.Sources, func(s deviceSource) bool { return s.Kind == "command" && s.Name == source })
}

// place is where a source stands among the others.
func (d *device) place(source string) int {
	return slices.IndexFunc(d.Sources, func(s deviceSource) bool { return s.Name == source })
}

// covers tells whether a source reads a resource.
func (d *device) covers(source, resource string) bool {
	if d.commands(source) {
		return slices.Contains(d.Sources[d.place(source)].Resources, resource)
	}
	expression, err := regexp.CompilePOSIX(source)
	return source == resource || err == nil && expression.FindString(resource) == resource
}

func (r *reading) row() []string {
	return []string{r.ResourceName, r.text(), r.Units, r.ValueType, time.Unix(0, r.Origin).Local().Format("15:04:05.000")}
}

// text is the value as people write it: events of commands have floats such as
// 2.288153e+01.
func (r *reading) text() string {
	switch {
	case len(r.ObjectValue) > 0:
		return string(r.ObjectValue)
	case r.ValueType == "Binary":
		return fmt.Sprintf("%d bytes", len(r.BinaryValue))
	case slices.Contains([]string{"Float32", "Float64"}, r.ValueType):
		return plainFloat(r.Value)
	case slices.Contains([]string{"Float32Array", "Float64Array"}, r.ValueType):
		parts := strings.Split(strings.Trim(r.Value, "[]"), ", ")
		for i := range parts {
			parts[i] = plainFloat(parts[i])
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case strings.ContainsFunc(r.Value, func(c rune) bool { return !unicode.IsPrint(c) }):
		return strconv.Quote(r.Value) // what a register holds is not for a terminal to obey
	}
	return r.Value
}

func plainFloat(text string) string {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	if size := math.Abs(f); size >= 1e-5 && size < 1e15 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}
