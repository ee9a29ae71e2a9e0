package edgex

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"

	"sluice/device-service/internal/driver"
	"sluice/device-service/internal/schedule"
)

// virtualAttribute makes a resource one whose value lives in the service: it
// has no register and no node.
const virtualAttribute = "virtual"

func isVirtual(r driver.Resource) bool {
	switch v := r.Attributes[virtualAttribute].(type) {
	case bool:
		return v
	case string:
		yes, _ := strconv.ParseBool(v)
		return yes
	}
	return false
}

// realOf are the resources that a driver has to do with.
func realOf(resources []driver.Resource) []driver.Resource {
	var out []driver.Resource
	for _, r := range resources {
		if !isVirtual(r) {
			out = append(out, r)
		}
	}
	return out
}

// checkVirtual finds what a virtual resource cannot have.
func checkVirtual(r models.DeviceResource) []error {
	if !isVirtual(toResource(r)) {
		return nil
	}
	var findings []error
	p := r.Properties
	if p.Scale != nil || p.Offset != nil || p.Base != nil || p.Mask != nil || p.Shift != nil {
		findings = append(findings, fmt.Errorf("resource %q is virtual: it has no register, so leave out mask, shift, base, scale and offset", r.Name))
	}
	zero := map[bool]string{true: "true", false: "0"}[p.ValueType == "Bool"]
	if _, err := parseValue(driver.Type(p.ValueType), zero); err != nil {
		findings = append(findings, fmt.Errorf("resource %q is virtual: its valueType %s is none of Bool, String, and the types of single numbers", r.Name, p.ValueType))
	} else if p.DefaultValue != "" {
		if _, err := parseValue(driver.Type(p.ValueType), p.DefaultValue); err != nil {
			findings = append(findings, fmt.Errorf("resource %q is virtual: defaultValue: %w", r.Name, err))
		}
	}
	return findings
}

// virtuals keeps the values of virtual resources, as texts in a file.
type virtuals struct {
	file string
	log  *slog.Logger

	mu     sync.Mutex
	values map[string]map[string]string // by device and resource
}

// virtualFile is the file in the service's folder of data.
const virtualFile = "virtual.json"

// openVirtuals reads what there is. A file that cannot be read is put aside:
// without its values the devices are still to be read.
func openVirtuals(dir string, log *slog.Logger) (*virtuals, error) {
	v := &virtuals{file: filepath.Join(dir, virtualFile), log: log, values: map[string]map[string]string{}}
	text, err := os.ReadFile(v.file)
	if errors.Is(err, fs.ErrNotExist) {
		return v, nil
	}
	if err != nil {
		return nil, fmt.Errorf("values of virtual resources: %w", err)
	}
	if err := json.Unmarshal(text, &v.values); err != nil {
		aside := v.file + ".bad"
		log.Error("values of virtual resources are lost: they begin with their defaults", "file", v.file, "kept as", aside, "error", err)
		v.values = map[string]map[string]string{}
		return v, os.Rename(v.file, aside)
	}
	if v.values == nil {
		v.values = map[string]map[string]string{}
	}
	return v, nil
}

// read returns the value of a resource, which is its default at first.
func (v *virtuals) read(device string, r driver.Resource, def string) driver.Reading {
	out := driver.Reading{Resource: r.Name}
	v.mu.Lock()
	text, set := v.values[device][r.Name]
	v.mu.Unlock()
	if set {
		if out.Value, out.Err = parseValue(r.Type, text); out.Err == nil {
			return out
		}
	}
	if def == "" && !set {
		out.Err = errors.New("is virtual and has no value yet: set it, or give it a defaultValue")
		return out
	}
	out.Value, out.Err = parseValue(r.Type, def)
	return out
}

// write sets values, all or none of them.
func (v *virtuals) write(device string, writes []driver.Write) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	before, own := v.values[device], map[string]string{}
	for name, t := range before {
		own[name] = t
	}
	for _, w := range writes {
		t, err := text(w.Value)
		if err != nil {
			return fmt.Errorf("resource %q: %w", w.Resource.Name, err)
		}
		own[w.Resource.Name] = t
	}
	v.values[device] = own
	if err := v.save(); err != nil {
		v.values[device] = before
		return fmt.Errorf("values of virtual resources: %w", err)
	}
	return nil
}

// forget drops the values of a device that was removed.
func (v *virtuals) forget(device string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.values[device] == nil {
		return
	}
	delete(v.values, device)
	if err := v.save(); err != nil {
		v.log.Error("values of virtual resources are not saved", "error", err)
	}
}

// save writes the file so that at any moment either the old or the new one is there.
func (v *virtuals) save() error {
	body, err := json.MarshalIndent(v.values, "", "  ")
	if err != nil {
		return err
	}
	dir := filepath.Dir(v.file)
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // as the other folders of the service
		return err
	}
	f, err := os.CreateTemp(dir, virtualFile+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(append(body, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), v.file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// readVirtual reads a virtual resource of a device.
func (b *bridge) readVirtual(device string, r driver.Resource) driver.Reading {
	def := ""
	if d := b.device(device); d != nil {
		if one, found := resourceOf(d.profile, r.Name); found {
			def = one.Properties.DefaultValue
		}
	}
	return b.virtuals.read(device, r, def)
}

// write sets resources of a device: those of the driver first, as they may
// fail. Virtual ones are published at once, so that who waits for them needs no
// auto-event.
func (b *bridge) write(ctx context.Context, d *device, writes []driver.Write) error {
	name := d.model.Name
	var wired, virtual []driver.Write
	for _, w := range writes {
		if isVirtual(w.Resource) {
			virtual = append(virtual, w)
		} else {
			wired = append(wired, w)
		}
	}
	if len(wired) > 0 {
		if err := b.drv.Write(ctx, name, wired); err != nil {
			return err
		}
		touch(b.sdk, name)
	}
	if len(virtual) == 0 {
		return nil
	}
	if err := b.virtuals.write(name, virtual); err != nil {
		return err
	}
	for _, w := range virtual {
		if r, found := resourceOf(d.profile, w.Resource.Name); found && w.Resource.Readable {
			b.emitVirtual(d, r, driver.Reading{Resource: r.Name, Value: w.Value})
		}
	}
	return nil
}

// publishVirtual publishes the virtual resources of a device that has just come:
// without an auto-event nobody would hear of them before somebody sets them.
func (b *bridge) publishVirtual(d *device) {
	if b.locked || !scheduled(d.model) {
		return
	}
	for _, r := range d.profile.DeviceResources {
		one := d.byName[r.Name]
		if !isVirtual(one) || !one.Readable {
			continue
		}
		if reading := b.virtuals.read(d.model.Name, one, r.Properties.DefaultValue); reading.Err == nil {
			b.emitVirtual(d, r, reading)
		}
	}
}

func (b *bridge) emitVirtual(d *device, r models.DeviceResource, reading driver.Reading) {
	s := resourceSource(d.profile, r)
	b.emit(d, s, schedule.Result{Readings: s.convert([]driver.Reading{reading}, b.settings.Device.DataTransform)})
}
