package edgex

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	"github.com/edgexfoundry/device-sdk-go/v3/pkg/interfaces"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
	"github.com/labstack/echo/v4"
	gometrics "github.com/rcrowley/go-metrics"

	"sluice/device-service/internal/twin"
	"sluice/profiles/kubeedge"
)

// twins are the twins that KubeEdge has of devices. All methods of nil do nothing.
type twins struct {
	config twin.Config
	bridge *twin.Bridge
	mapper *mapper // nil: edgecore brings no devices
}

// startTwins starts the bridge to KubeEdge, if the configuration names one.
func (b *bridge) startTwins() error {
	if !b.settings.KubeEdge.Enabled() {
		return nil
	}
	c, err := b.settings.KubeEdge.WithDefaults()
	if err != nil {
		return fmt.Errorf("configuration of %s: %w", b.sdk.Name(), err)
	}
	t := &twins{config: c}
	if c.DMI.EdgeSocket != "" {
		if t.mapper, err = newMapper(b, c); err != nil {
			return fmt.Errorf("configuration of %s: KubeEdge.DMI: %w", b.sdk.Name(), err)
		}
	}
	connect, err := b.transport(c, t.mapper)
	if err != nil {
		return fmt.Errorf("configuration of %s: KubeEdge.MQTT: %w", b.sdk.Name(), err)
	}
	o := c.Options()
	o.Log = b.log
	o.Set = func(ctx context.Context, device, property, value string) (twin.Reading, error) {
		r, err := b.setValue(ctx, device, property, value)
		return toTwin(r), err
	}
	t.bridge = twin.New(o, connect)
	b.twins = t
	b.publisher.seen = b.report
	b.faults.changed = b.tellState
	if t.mapper != nil {
		t.mapper.start(t.bridge)
	}
	return nil
}

// transport is what reports go over: the broker of KubeEdge's edge, which takes
// many of them, else the mapper.
func (b *bridge) transport(c twin.Config, m *mapper) (func(twin.Twins) twin.Transport, error) {
	if c.MQTT.Server == "" {
		return func(twin.Twins) twin.Transport { return m }, nil
	}
	c.MQTT.ClientID = cmp.Or(c.MQTT.ClientID, b.sdk.Name()+"-twins")
	var secret map[string]string
	if name := c.MQTT.SecretName; name != "" {
		var err error
		if secret, err = b.sdk.SecretProvider().GetSecret(name); err != nil {
			return nil, fmt.Errorf("SecretName: secret %q: %w; add it to the secret store, or to Writable.InsecureSecrets without one", name, err)
		}
	}
	connection, err := c.Connection(secret)
	if err != nil {
		return nil, err
	}
	return func(t twin.Twins) twin.Transport { return twin.DialMQTT(connection, t, b.log) }, nil
}

// report takes the readings of an event.
func (b *bridge) report(e *dtos.Event) {
	readings := make([]twin.Reading, len(e.Readings))
	for i, r := range e.Readings {
		readings[i] = toTwin(r)
	}
	b.tellState(e.DeviceName)
	b.twins.bridge.Report(e.DeviceName, readings)
}

func toTwin(r dtos.BaseReading) twin.Reading {
	return twin.Reading{Property: r.ResourceName, Type: r.ValueType, Value: r.Value}
}

// tellState tells how a device is now.
func (b *bridge) tellState(name string) {
	d := b.device(name)
	if d == nil {
		return
	}
	state := map[int64]twin.State{stateDown: twin.Offline, stateDegraded: twin.Unhealthy, stateUp: twin.Online}[b.faults.state(name)]
	if d.model.OperatingState == models.Down {
		state = twin.Offline
	}
	b.twins.bridge.State(name, state)
}

// add takes a device that has been added or changed.
func (t *twins) add(b *bridge, d *device) {
	if t == nil {
		return
	}
	name := d.model.Name
	id, err := kubeedge.Identify(dtos.FromDeviceProfileModelToDTO(d.profile), dtos.FromDeviceModelToDTO(d.model))
	if err != nil {
		b.log.Error("device has no twin: what was imported with it cannot be read; import it again", "device", name, "error", err)
		t.bridge.Remove(name)
		return
	}
	one, wanted := t.config.Device(name, identity(id))
	if !wanted {
		t.bridge.Remove(name)
		return
	}
	t.bridge.Add(one)
	if d.model.OperatingState == models.Down {
		b.tellState(name)
	}
}

func identity(id *kubeedge.Identity) *twin.Identity {
	if id == nil {
		return nil
	}
	out := &twin.Identity{Namespace: id.Namespace, Name: id.Name, Node: id.Node, Reported: map[string]bool{},
		Old: id.Version == kubeedge.V1Alpha1 || id.Version == kubeedge.V1Alpha2}
	for _, r := range id.Reported {
		out.Reported[r] = true
	}
	return out
}

func (t *twins) remove(name string) {
	if t != nil {
		t.bridge.Remove(name)
	}
}

func (t *twins) close() {
	if t == nil {
		return
	}
	if t.mapper != nil {
		t.mapper.Close()
	}
	t.bridge.Close()
}

// registerMetrics adds what is counted of twins.
func (t *twins) registerMetrics(sdk interfaces.DeviceServiceSDK) error {
	if t == nil {
		return nil
	}
	for name, value := range map[string]func(twin.Counts) uint64{
		"TwinReports":         func(c twin.Counts) uint64 { return c.Reports },
		"TwinReportsRefused":  func(c twin.Counts) uint64 { return c.Refused },
		"TwinValuesLeftOut":   func(c twin.Counts) uint64 { return c.LeftOut },
		"TwinValuesCoalesced": func(c twin.Counts) uint64 { return c.Coalesced },
		"TwinSeriesDropped":   func(c twin.Counts) uint64 { return c.Dropped },
		"TwinDesiredSet":      func(c twin.Counts) uint64 { return c.Set },
		"TwinDesiredNotSet":   func(c twin.Counts) uint64 { return c.NotSet },
	} {
		gauge := gometrics.NewFunctionalGauge(func() int64 { return int64(value(t.bridge.Counts())) })
		if err := sdk.MetricsManager().Register(name, gauge, nil); err != nil {
			return fmt.Errorf("register metric %s: %w", name, err)
		}
	}
	return nil
}

// listTwins answers with the twins of all devices and how they are.
func (b *bridge) listTwins(c echo.Context) error {
	if b.twins == nil {
		return c.JSON(http.StatusNotFound, map[string]string{"message": "there are no twins: the section KubeEdge of the configuration names neither a broker nor a socket"})
	}
	answer := map[string]any{"twins": b.twins.bridge.Status(), "counts": b.twins.bridge.Counts()}
	if m := b.twins.mapper; m != nil {
		answer["mapper"] = m.dmi.Status()
	}
	return c.JSON(http.StatusOK, answer)
}
