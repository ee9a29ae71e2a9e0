package edgex

import (
	"context"
	"errors"
	"fmt"

	sdkmodels "github.com/edgexfoundry/device-sdk-go/v3/pkg/models"

	"sluice/device-service/internal/driver"
)

// reader reads for schedules and commands, and reports what fails.
type reader struct{ b *bridge }

// Read reads resources of a device: virtual ones here, the others of its driver.
func (r reader) Read(ctx context.Context, name string, resources []driver.Resource) ([]driver.Reading, error) {
	wired := realOf(resources)
	if len(wired) == len(resources) {
		return r.readDriver(ctx, name, resources)
	}
	var of []driver.Reading
	if len(wired) > 0 {
		var err error
		if of, err = r.readDriver(ctx, name, wired); err != nil {
			return nil, err
		}
	}
	readings := make([]driver.Reading, len(resources))
	for i, one := range resources {
		if isVirtual(one) {
			readings[i] = r.b.readVirtual(name, one) // that nobody has set it yet is no fault
			continue
		}
		readings[i], of = of[0], of[1:]
	}
	return readings, nil
}

// readDriver reads resources of a device. Once per change it is logged that a device
// or a resource is not read, or is read again.
func (r reader) readDriver(ctx context.Context, name string, resources []driver.Resource) ([]driver.Reading, error) {
	readings, err := r.b.drv.Read(ctx, name, resources)
	if ctx.Err() != nil {
		return readings, err // the device is not to blame
	}
	if !r.b.states || err == nil || errors.Is(err, driver.ErrBusy) { // a driver with states tells the rest
		r.b.faults.report(name, "", err)
	}
	if err != nil {
		return nil, err
	}
	answered := false
	for _, reading := range readings {
		answered = answered || reading.Err == nil
		r.b.faults.report(name, reading.Resource, reading.Err)
	}
	if answered {
		touch(r.b.sdk, name)
	}
	return readings, nil
}

// HandleReadCommands answers a GET command. Resources that could not be read
// are left out; only when none could there is an error.
func (b *bridge) HandleReadCommands(name string, _ protocols, requests []sdkmodels.CommandRequest) ([]*sdkmodels.CommandValue, error) {
	d, err := b.commanded(name)
	if err != nil {
		return nil, err
	}
	resources := make([]driver.Resource, len(requests))
	for i, q := range requests {
		r, found := d.byName[q.DeviceResourceName]
		if !found {
			return nil, fmt.Errorf("resource %q is not in profile %q", q.DeviceResourceName, d.profile.Name)
		}
		resources[i] = r
	}
	ctx, cancel := context.WithTimeout(b.ctx, b.settings.requestTimeout())
	defer cancel()
	readings, err := reader{b}.Read(ctx, name, resources)
	if err != nil {
		return nil, err
	}
	return commandValues(resources, readings)
}

func commandValues(resources []driver.Resource, readings []driver.Reading) ([]*sdkmodels.CommandValue, error) {
	var values []*sdkmodels.CommandValue
	var failed []error
	for i, r := range readings {
		if r.Err != nil {
			failed = append(failed, fmt.Errorf("resource %q: %w", r.Resource, r.Err))
			continue
		}
		var origin int64 // 0: that of the event
		if !r.Time.IsZero() {
			origin = r.Time.UnixNano()
		}
		v, err := sdkmodels.NewCommandValueWithOrigin(r.Resource, string(resources[i].Type), r.Value, origin)
		if err != nil {
			failed = append(failed, fmt.Errorf("resource %q: %w", r.Resource, err))
			continue
		}
		for k, tag := range r.Tags {
			v.Tags[k] = tag
		}
		values = append(values, v)
	}
	if len(values) == 0 {
		return nil, errors.Join(failed...)
	}
	return values, nil
}

// HandleWriteCommands carries out a SET command.
func (b *bridge) HandleWriteCommands(name string, _ protocols, requests []sdkmodels.CommandRequest, params []*sdkmodels.CommandValue) error {
	d, err := b.commanded(name)
	if err != nil {
		return err
	}
	if len(params) != len(requests) {
		return fmt.Errorf("%d values for %d resources", len(params), len(requests))
	}
	writes := make([]driver.Write, len(requests))
	for i, q := range requests {
		r, found := d.byName[q.DeviceResourceName]
		if !found {
			return fmt.Errorf("resource %q is not in profile %q", q.DeviceResourceName, d.profile.Name)
		}
		writes[i] = driver.Write{Resource: r, Value: params[i].Value}
	}
	ctx, cancel := context.WithTimeout(b.ctx, b.settings.requestTimeout())
	defer cancel()
	if err := b.write(ctx, d, writes); err != nil {
		return err
	}
	present(d.profile, params, b.settings.Device.DataTransform)
	return nil
}

// commanded returns the device of a command.
func (b *bridge) commanded(name string) (*device, error) {
	if err := b.await(); err != nil {
		return nil, err
	}
	d := b.device(name)
	if d == nil {
		return nil, fmt.Errorf("device %q: %w", name, driver.ErrUnknownDevice)
	}
	return d, nil
}
