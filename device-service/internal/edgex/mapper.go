package edgex

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	contracts "github.com/edgexfoundry/go-mod-core-contracts/v3/errors"

	"sluice/device-service/internal/twin"
	"sluice/device-service/internal/twin/dmi"
	"sluice/profiles/kubeedge"
)

// mapper makes the service a mapper of KubeEdge: edgecore brings devices, which
// become those of EdgeX, and desired values. Without a broker it is the
// transport of reports, too.
type mapper struct {
	b      *bridge
	config twin.Config
	dmi    *dmi.Mapper
	twins  twin.Twins
	cancel context.CancelFunc
	done   chan struct{}
}

func newMapper(b *bridge, c twin.Config) (*mapper, error) {
	m := &mapper{b: b, config: c, done: make(chan struct{})}
	config := dmi.Config{Name: b.sdk.Name(), Version: b.sdk.Version(), Protocol: c.DMI.Protocol,
		Socket: c.DMI.Socket, Address: c.DMI.Address, EdgeCore: c.DMI.EdgeSocket}
	var err error
	m.dmi, err = dmi.New(config, m, b.log)
	return m, err
}

// start begins to serve edgecore.
func (m *mapper) start(t twin.Twins) {
	m.twins = t
	var ctx context.Context
	ctx, m.cancel = context.WithCancel(context.Background())
	go func() {
		defer close(m.done)
		if err := m.dmi.Run(ctx); err != nil {
			m.b.log.Error("service is no mapper of KubeEdge", "error", err)
		}
	}()
}

// Close ends that.
func (m *mapper) Close() {
	m.cancel()
	<-m.done
}

// Watch does nothing: edgecore brings what it wants by itself.
func (m *mapper) Watch(twin.Device) {}

// Forget does nothing.
func (m *mapper) Forget(twin.Device) {}

// Record does nothing: edgecore takes too few calls for time series.
func (m *mapper) Record(twin.Device, []twin.Value) bool { return false }

// Report sends values of a device, at the pace that edgecore allows.
func (m *mapper) Report(d twin.Device, values []twin.Value, done func(error)) {
	twins := make([]dmi.Twin, len(values))
	for i, v := range values {
		twins[i] = dmi.Twin{Property: v.Property, Type: v.Type, Reported: v.Text}
	}
	if err := m.dmi.Report(dmi.ID{Namespace: d.Namespace, Name: d.Object}, twins...); err != nil {
		done(&twin.Refusal{Code: http.StatusBadRequest, Reason: err.Error()})
		return
	}
	done(nil)
}

// State sends how a device is.
func (m *mapper) State(d twin.Device, s twin.State) {
	if err := m.dmi.State(dmi.ID{Namespace: d.Namespace, Name: d.Object}, string(s)); err != nil {
		m.b.log.Debug("state is not reported", "device", d.Name, "error", err)
	}
}

// Apply makes the device of edgecore one of EdgeX, with a profile of its own.
func (m *mapper) Apply(ctx context.Context, d dmi.Device) error {
	if err := m.b.await(); err != nil {
		return err
	}
	options := kubeedge.Options{Services: map[string]string{m.config.DMI.Protocol: m.b.sdk.Name()}}
	options.CycleUnit = kubeedge.Milliseconds // of all releases that have the mapper interface of v1beta1
	result, findings := d.Convert(options)
	if errs := findings.Errors(); errs != nil {
		return errors.New(errs[0].Message)
	}
	if len(result.Profiles) != 1 || len(result.Devices) != 1 {
		return fmt.Errorf("it becomes %d profiles and %d devices", len(result.Profiles), len(result.Devices))
	}
	profile, device := result.Profiles[0].DeviceProfile, result.Devices[0].Device
	if node := m.config.Node; node != "" {
		device.Tags["kubeedge-node"] = node
	}
	result.Devices[0].Device = device
	old, err := m.existing(d.ID)
	if err != nil {
		return err
	}
	var have kubeedge.Existing
	if old != nil {
		have.Profiles = []dtos.DeviceProfile{dtos.FromDeviceProfileModelToDTO(old.profile)}
		have.Devices = []dtos.Device{dtos.FromDeviceModelToDTO(old.model)}
	}
	for _, change := range kubeedge.Diff(kubeedge.Result{Profiles: result.Profiles, Devices: result.Devices}, have) {
		switch {
		case change.Action == kubeedge.Unchanged:
			continue
		case change.Kind == "profile":
			err = m.storeProfile(ctx, profile)
		default:
			err = m.storeDevice(ctx, device, old)
		}
		if err != nil {
			return fmt.Errorf("%s %q: %w", change.Kind, change.Name, err)
		}
	}
	return m.served(ctx, d.Name, old)
}

// existing is the device of an id, nil if there is none.
func (m *mapper) existing(id dmi.ID) (*device, error) {
	d := m.b.device(id.Name)
	if d == nil {
		return nil, nil
	}
	if ns := fmt.Sprint(d.model.Tags["kubeedge-namespace"]); d.model.Tags["kubeedge-namespace"] != nil && ns != id.Namespace {
		return nil, fmt.Errorf("there is a device %q of namespace %s already; rename one of them", id.Name, ns)
	}
	return d, nil
}

// storeProfile adds or changes a profile.
func (m *mapper) storeProfile(ctx context.Context, p dtos.DeviceProfile) error {
	q := []requests.DeviceProfileRequest{requests.NewDeviceProfileRequest(p)}
	added, err := m.b.profiles.Add(ctx, q)
	if err != nil {
		return err
	}
	if len(added) == 1 && added[0].StatusCode != http.StatusConflict {
		return refusal(added[0].BaseResponse)
	}
	answers, err := m.b.profiles.Update(ctx, q)
	if err == nil && len(answers) == 1 {
		return refusal(answers[0])
	}
	return err
}

func (m *mapper) storeDevice(ctx context.Context, d dtos.Device, old *device) error {
	r := row{Action: actionCreate, device: dtos.ToDeviceModel(d)}
	r.device.ServiceName = m.b.sdk.Name()
	if old != nil {
		r.Action = actionUpdate
		r.device.Id = old.model.Id
		r.device.AdminState, r.device.OperatingState = old.model.AdminState, old.model.OperatingState
	}
	return m.b.store(ctx, &r)
}

// served waits until the service has the device: its desired values follow.
func (m *mapper) served(ctx context.Context, name string, old *device) error {
	if old != nil {
		return nil
	}
	tick := time.NewTicker(servedPoll)
	defer tick.Stop()
	for m.b.device(name) == nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-m.b.ctx.Done():
			return m.b.ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// Desire sets values of a device and reports what it has then.
func (m *mapper) Desire(ctx context.Context, id dmi.ID, values []dmi.Desired) error {
	wanted := map[string]string{}
	for _, v := range values {
		if v.Value != "" { // which is no wish
			wanted[v.Property] = v.Value
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	if d, err := m.existing(id); err != nil || d == nil {
		return errors.Join(err, fmt.Errorf("device %q is not served yet", id.Name))
	}
	answers := make(chan error, len(wanted))
	m.twins.Desire(id.Name, wanted, func(property string, actual twin.Value, err error) {
		if err != nil {
			answers <- fmt.Errorf("property %s: %w", property, err)
			return
		}
		answers <- m.dmi.Report(id, dmi.Twin{Property: property, Type: actual.Type, Reported: actual.Text, Observed: wanted[property]})
	})
	var errs []error
	for range wanted {
		select {
		case err := <-answers:
			errs = append(errs, err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return errors.Join(errs...)
}

// Remove takes the device away, and the profile that was made for it.
func (m *mapper) Remove(ctx context.Context, id dmi.ID) error {
	if err := m.b.await(); err != nil {
		return err
	}
	d, err := m.existing(id)
	if err != nil || d == nil {
		return nil //nolint:nilerr // it is of somebody else
	}
	if _, err := m.b.registry.devices.DeleteDeviceByName(ctx, id.Name); err != nil && contracts.Kind(err) != contracts.KindEntityDoesNotExist {
		return err
	}
	if _, err := m.b.profiles.DeleteByName(ctx, d.profile.Name); err != nil {
		m.b.log.Debug("profile is kept", "profile", d.profile.Name, "error", err) // another device may have it
	}
	return nil
}
