package metadata

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
)

// texts are all records as they stand in the file, so that a change encodes
// what it changes and no more.
type texts struct {
	services encoded[dtos.DeviceService]
	profiles encoded[dtos.DeviceProfile]
	devices  encoded[dtos.Device]
	watchers encoded[dtos.ProvisionWatcher]
}

// encoded are the records of a table by name, each with its text.
type encoded[T any] map[string]line[T]

type line[T any] struct {
	record T
	text   []byte
}

// of is the file for the tables.
func (x *texts) of(t tables) ([]byte, error) {
	var b bytes.Buffer
	for _, table := range []func(*bytes.Buffer) error{
		func(b *bytes.Buffer) error { return x.services.write(b, "services", t.Services) },
		func(b *bytes.Buffer) error { return x.profiles.write(b, "profiles", t.Profiles) },
		func(b *bytes.Buffer) error { return x.devices.write(b, "devices", t.Devices) },
		func(b *bytes.Buffer) error { return x.watchers.write(b, "provisionWatchers", t.Watchers) },
	} {
		start := ",\n"
		if b.Len() == 0 {
			start = "{\n"
		}
		b.WriteString(start)
		if err := table(&b); err != nil {
			return nil, err
		}
	}
	b.WriteString("\n}\n")
	return b.Bytes(), nil
}

// write writes a table as an object with a line for each record.
func (e *encoded[T]) write(b *bytes.Buffer, name string, table map[string]T) error {
	if *e == nil {
		*e = encoded[T]{}
	}
	maps.DeleteFunc(*e, func(name string, _ line[T]) bool {
		_, there := table[name]
		return !there
	})
	b.WriteString(`"` + name + `":{`)
	for i, name := range slices.Sorted(maps.Keys(table)) {
		l, err := e.line(name, table[name])
		if err != nil {
			return err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		b.Write(l)
	}
	b.WriteByte('}')
	return nil
}

// line is the text of a record, which is encoded if it is another one than the
// last time. That shares its maps and lists with this one unless they were
// replaced, so they are compared in no time.
func (e encoded[T]) line(name string, record T) ([]byte, error) {
	if l, ok := e[name]; ok && reflect.DeepEqual(l.record, record) {
		return l.text, nil
	}
	key, err := json.Marshal(name)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(record)
	if err != nil {
		return nil, err
	}
	text = slices.Concat(key, []byte(":"), text)
	e[name] = line[T]{record, text}
	return text, nil
}
