package geneva

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
)

// devices converts the devices in the configuration of a service.
func (c *converter) devices(data []byte) {
	v1, unknown, err := readConfiguration(string(data))
	if syntax, ok := errors.AsType[toml.ParseError](err); ok {
		c.line = syntax.Position.Line
		c.fail(syntax.LastKey, "read TOML: %s", syntax.Message)
		return
	}
	if err != nil {
		c.fail("", "read TOML: %v", err)
		return
	}
	if len(v1.DeviceList) == 0 {
		c.note("", "there is no DeviceList in the file")
	}
	for i, d := range v1.DeviceList {
		c.device(cmp.Or(string(d.Name), fmt.Sprintf("DeviceList[%d]", i)), d)
	}
	for _, key := range unknown {
		c.note(key, "is not known and not converted")
	}
}

// readConfiguration reads the devices of a configuration, and the keys below
// its DeviceList that nothing is known of.
func readConfiguration(text string) (v1 configurationV1, unknown []string, err error) {
	if err := checkDepth(text); err != nil {
		return v1, nil, err
	}
	meta, err := toml.Decode(text, &v1)
	for _, key := range meta.Undecoded() {
		if strings.EqualFold(key[0], "DeviceList") {
			unknown = append(unknown, key.String())
		}
	}
	slices.Sort(unknown)
	return v1, slices.Compact(unknown), err
}

func (c *converter) device(path string, v1 deviceV1) {
	d := dtos.Device{
		Name: c.name(path, "device", string(v1.Name)), Description: string(v1.Description), ProfileName: c.name(path, "profile", string(v1.Profile)),
		ServiceName: c.options.Service, AdminState: models.Unlocked, OperatingState: models.Up, Protocols: map[string]dtos.ProtocolProperties{},
	}
	for _, l := range v1.Labels {
		d.Labels = append(d.Labels, string(l))
	}
	for name, properties := range v1.Protocols {
		d.Protocols[name] = protocol(name, properties)
	}
	if len(d.Protocols) == 0 {
		c.fail(path, "there are no Protocols")
	}
	for _, e := range v1.AutoEvents {
		if e.Frequency == "" || e.Resource == "" {
			c.fail(path+".AutoEvents", "Frequency and Resource are wanted")
		}
		on := strings.EqualFold(string(e.OnChange), "true")
		d.AutoEvents = append(d.AutoEvents, dtos.AutoEvent{Interval: string(e.Frequency), OnChange: on, SourceName: string(e.Resource)})
	}
	c.once("device", d.Name)
	c.result.Devices = append(c.result.Devices, d)
}

// protocol converts the properties of a protocol: they are numbers and
// booleans in v3, and those of Modbus must have their times.
func protocol(name string, v1 map[string]textV1) dtos.ProtocolProperties {
	p := dtos.ProtocolProperties{}
	if strings.HasPrefix(name, "modbus-") {
		p["Timeout"], p["IdleTimeout"] = 5, 5
	}
	for key, s := range v1 {
		p[key] = typed(string(s))
	}
	return p
}
