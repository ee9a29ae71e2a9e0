// Package geneva brings device profiles and devices of EdgeX Geneva, that is of
// its API v1, to v3. It converts files; no v3 service can join a Geneva system,
// whose API and bus are others.
//
//	result, notes := geneva.Convert(files, geneva.Options{})
//	for _, n := range notes {
//		fmt.Println(n)
//	}
package geneva

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
)

// File is a profile in YAML, or a configuration with devices in TOML.
type File struct {
	Name string
	Data []byte
}

// Options are the choices of a conversion.
type Options struct {
	// Service is the device service of the devices; device-modbus when empty.
	Service string
	// ReplaceDots writes "-" for dots in the names of devices and profiles. On
	// EdgeX's Redis bus a dot in a name parts topics.
	ReplaceDots bool
}

// Result is what EdgeX is to have.
type Result struct {
	Profiles []dtos.DeviceProfile
	Devices  []dtos.Device
}

// Note is something to know about the conversion.
type Note struct {
	Error   bool   `json:"error,omitempty"` // nothing is converted then
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Path    string `json:"path,omitempty"` // such as Thermostat.RoomTemperature.scale
	Message string `json:"message"`
}

// String is the note on one line.
func (n Note) String() string {
	var b strings.Builder
	b.WriteString(n.File + ":")
	if n.Line > 0 {
		fmt.Fprintf(&b, "%d:", n.Line)
	}
	if n.Error {
		b.WriteString(" error:")
	}
	if n.Path != "" {
		b.WriteString(" " + n.Path + ":")
	}
	return b.String() + " " + n.Message
}

// Convert converts profiles and the devices of configurations. With an error
// among the notes the result is empty.
func Convert(files []File, options Options) (Result, []Note) {
	if options.Service == "" {
		options.Service = "device-modbus"
	}
	c := &converter{options: options, names: map[string]Note{}}
	for _, f := range files {
		c.file, c.line = f.Name, 0
		if strings.EqualFold(filepath.Ext(f.Name), ".toml") {
			c.devices(f.Data)
		} else {
			c.profiles(f.Data)
		}
	}
	if c.failed {
		return Result{}, c.notes
	}
	return c.result, c.notes
}

// converter collects what is made and found.
type converter struct {
	options Options
	file    string
	line    int             // of the object at hand
	names   map[string]Note // where a kind and a name were first
	result  Result
	notes   []Note
	failed  bool
}

func (c *converter) note(path, format string, args ...any) {
	c.notes = append(c.notes, Note{File: c.file, Line: c.line, Path: strings.TrimPrefix(path, "."), Message: fmt.Sprintf(format, args...)})
}

func (c *converter) fail(path, format string, args ...any) {
	c.note(path, format, args...)
	c.notes[len(c.notes)-1].Error = true
	c.failed = true
}

// name is the name of a device or a profile as v3 has it.
func (c *converter) name(path, kind, s string) string {
	switch {
	case s == "":
		c.fail(path, "the name of the %s is missing", kind)
	case !strings.Contains(s, "."):
	case c.options.ReplaceDots:
		s = strings.ReplaceAll(s, ".", "-")
	default:
		c.note(path, "a dot in the name of the %s parts its topics on the Redis bus; dots can be replaced", kind)
	}
	return s
}

// once finds names that are there twice.
func (c *converter) once(kind, name string) {
	first, twice := c.names[kind+" "+name]
	switch {
	case name == "": // which was told
	case twice && first.Line > 0:
		c.fail(name, "there are two %ss of this name: the first is in %s, line %d", kind, first.File, first.Line)
	case twice:
		c.fail(name, "there are two %ss of this name: the first is in %s", kind, first.File)
	default:
		c.names[kind+" "+name] = Note{File: c.file, Line: c.line}
	}
}
