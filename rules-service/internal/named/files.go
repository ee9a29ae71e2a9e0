package named

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The files of a folder, by eKuiper's names.
const (
	mqttFile        = "mqtt_source.yaml" // not in sources/
	connectionsFile = "connections/connection.yaml"
)

// readFiles reads a folder: sources/TYPE.yaml, sinks/TYPE.yaml and
// mqtt_source.yaml have sets by their names, connections/connection.yaml has
// types with sets by their names.
func (b *Book) readFiles(dir string) error {
	if dir == "" {
		return nil
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("folder of configuration keys %s: it is no folder that can be read", dir)
	}
	for _, kind := range []Kind{Sources, Sinks} {
		files, err := filepath.Glob(filepath.Join(dir, string(kind), "*.yaml"))
		if err != nil {
			return err
		}
		for _, file := range files {
			if err := b.readSets(kind, strings.TrimSuffix(filepath.Base(file), ".yaml"), file); err != nil {
				return err
			}
		}
	}
	if err := b.readSets(Sources, "mqtt", filepath.Join(dir, mqttFile)); err != nil {
		return err
	}
	return b.readConnections(filepath.Join(dir, filepath.FromSlash(connectionsFile)))
}

func (b *Book) readSets(kind Kind, typ, file string) error {
	sets, err := readObjects(file)
	if err != nil {
		return err
	}
	b.give(kind, typ, sets)
	return nil
}

func (b *Book) readConnections(file string) error {
	types, err := readObjects(file)
	if err != nil {
		return err
	}
	for typ, sets := range types {
		objects, err := objectsOf(sets)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", file, typ, err)
		}
		b.give(Connections, typ, objects)
	}
	return nil
}

func (b *Book) give(kind Kind, typ string, sets map[string]map[string]any) {
	typ = b.proper(kind, typ)
	for name, props := range sets {
		b.given[ID{kind, typ, strings.ToLower(name)}] = props
	}
}

// readObjects reads a file whose entries are all objects; one that is not there
// has none.
func readObjects(file string) (map[string]map[string]any, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read configuration keys: %w", err)
	}
	objects, err := parseObjects(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return objects, nil
}

// parseObjects reads YAML whose entries are all objects.
func parseObjects(data []byte) (map[string]map[string]any, error) {
	var entries map[string]any
	if err := yaml.Unmarshal(data, &entries); err != nil {
		return nil, err
	}
	return objectsOf(entries)
}

func objectsOf(entries map[string]any) (map[string]map[string]any, error) {
	objects := map[string]map[string]any{}
	for name, entry := range entries {
		if entry == nil {
			objects[name] = map[string]any{}
			continue
		}
		props, ok := plain(entry).(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s must be an object of properties", name)
		}
		objects[name] = props
	}
	return objects, nil
}

// plain is a value of YAML as JSON has it.
func plain(v any) any {
	switch t := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(t))
		for k, e := range t {
			out[k] = plain(e)
		}
		return out
	case map[any]any:
		out := make(map[string]any, len(t))
		for k, e := range t {
			out[fmt.Sprint(k)] = plain(e)
		}
		return out
	case []any:
		out := make([]any, len(t))
		for i, e := range t {
			out[i] = plain(e)
		}
		return out
	case nil, string, bool, int, int64, float64:
		return v
	}
	return fmt.Sprint(v) // a date, a number beyond int64
}
