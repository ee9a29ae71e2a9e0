package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"

	"sluice/profiles/edgexfile"
	"sluice/profiles/kubeedge"
)

// outFolder collects the files that services read: for each device service a
// folder with profiles and devices, and one with streams and rules.
type outFolder struct {
	dir   string
	files map[string][]byte // by their paths below dir
	errs  []error
}

// rulesFolder is that of the rules service, for "sluice apply".
const rulesFolder = "rules-service"

// result adds all that comes of an import. Profiles are for the services of
// their devices.
func (o *outFolder) result(r *kubeedge.Result) {
	services := map[string]map[string]bool{} // by profile
	var devices []dtos.Device
	for _, d := range r.Devices {
		if services[d.ProfileName] == nil {
			services[d.ProfileName] = map[string]bool{}
		}
		services[d.ProfileName][d.ServiceName] = true
		devices = append(devices, d.Device)
	}
	for _, p := range r.Profiles {
		for service := range services[p.Name] {
			o.profile(service, p.DeviceProfile)
		}
		if services[p.Name] == nil {
			o.profile("device-service", p.DeviceProfile)
		}
	}
	o.devices(devices)
	for _, s := range r.Streams {
		o.add(rulesFolder, s.Name+".sql", []byte(s.SQL+"\n"), nil)
	}
	for _, one := range r.Rules {
		o.json(rulesFolder, one.ID+".json", one)
	}
	if len(r.Desired)+len(r.Reported) > 0 {
		o.json("", "twins.json", map[string]any{"desired": r.Desired, "reported": r.Reported})
	}
}

func (o *outFolder) profile(service string, p dtos.DeviceProfile) {
	data, err := edgexfile.Profile(p)
	o.add(filepath.Join(fileName(service), "profiles"), p.Name+".yaml", data, err)
}

func (o *outFolder) devices(list []dtos.Device) {
	byService := map[string][]dtos.Device{}
	for _, d := range list {
		byService[d.ServiceName] = append(byService[d.ServiceName], d)
	}
	for service, some := range byService {
		data, err := edgexfile.Devices(some)
		o.add(filepath.Join(fileName(service), "devices"), "devices.yaml", data, err)
	}
}

func (o *outFolder) json(folder, name string, v any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	o.add(folder, name, b.Bytes(), err)
}

func (o *outFolder) add(folder, name string, data []byte, err error) {
	path := filepath.Join(folder, fileName(name))
	switch _, twice := o.files[path]; {
	case err != nil:
		o.errs = append(o.errs, fmt.Errorf("%s: %w", path, err))
	case twice:
		o.errs = append(o.errs, fmt.Errorf("%s: two things would have this file: give them other names", path))
	case o.files == nil:
		o.files = map[string][]byte{path: data}
	default:
		o.files[path] = data
	}
}

// fileName is a name that stays in its folder.
func fileName(name string) string {
	safe := strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, name)
	if strings.HasPrefix(safe, ".") {
		return "_" + safe[1:]
	}
	return safe
}

// write writes the files that are not as they should be.
func (o *outFolder) write() (written []string, err error) {
	if err := errors.Join(o.errs...); err != nil {
		return nil, err
	}
	for _, path := range slices.Sorted(maps.Keys(o.files)) {
		full := filepath.Join(o.dir, path)
		old, err := os.ReadFile(full)
		if err == nil && bytes.Equal(old, o.files[path]) {
			continue
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return written, err
		}
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return written, err
		}
		if err := os.WriteFile(full, o.files[path], 0o644); err != nil { //nolint:gosec // services read them
			return written, err
		}
		written = append(written, filepath.ToSlash(full))
	}
	return written, nil
}

// writeFiles writes the files of an import and tells of it.
func (s *session) writeFiles(r *imported, out *outFolder) error {
	var err error
	if r.Files, err = out.write(); err != nil {
		return usage{err}
	}
	if err := s.showEntries(r); err != nil || !s.tables() {
		return err
	}
	s.printf("%s: %d files, %d written\n", out.dir, len(out.files), len(r.Files))
	return nil
}
