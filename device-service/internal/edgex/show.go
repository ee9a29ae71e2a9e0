package edgex

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
	"github.com/labstack/echo/v4"
)

// deviceView is a device as this service has it.
type deviceView struct {
	Name           string            `json:"name"`
	Profile        string            `json:"profile"`
	State          string            `json:"state"` // up, degraded or down
	AdminState     models.AdminState `json:"adminState"`
	OperatingState string            `json:"operatingState"`
	LastConnected  *time.Time        `json:"lastConnected,omitempty"`
	Error          string            `json:"error,omitempty"`  // why the device is not read
	Faults         map[string]string `json:"faults,omitempty"` // why resources are not
	AutoEvents     string            `json:"autoEvents,omitempty"`

	// These are shown of a single device.
	Description string       `json:"description,omitempty"`
	Labels      []string     `json:"labels,omitempty"`
	Protocols   protocols    `json:"protocols,omitempty"`
	Sources     []sourceView `json:"sources,omitempty"`
}

// sourceView is what can be read or written of a device.
type sourceView struct {
	Name      string `json:"name"`
	Kind      string `json:"kind"` // command or resource
	ReadWrite string `json:"readWrite"`
	Type      string `json:"type,omitempty"`
	Units     string `json:"units,omitempty"`
	// Resources are those of a command.
	Resources []string `json:"resources,omitempty"`
}

var stateNames = map[int64]string{stateDown: "down", stateDegraded: "degraded", stateUp: "up"}

// listDevices answers with all devices and how they are.
func (b *bridge) listDevices(c echo.Context) error {
	b.mu.RLock()
	known := slices.Collect(maps.Values(b.known))
	b.mu.RUnlock()
	slices.SortFunc(known, func(x, y *device) int { return cmp.Compare(x.model.Name, y.model.Name) })
	views := make([]deviceView, len(known))
	for i, d := range known {
		views[i] = b.view(d)
	}
	return c.JSON(http.StatusOK, map[string][]deviceView{"devices": views})
}

// showDevice answers with all that is known of a device.
func (b *bridge) showDevice(c echo.Context) error {
	name, err := url.PathUnescape(c.Param("name"))
	if err != nil {
		return c.JSON(http.StatusBadRequest, map[string]string{"message": err.Error()})
	}
	d := b.device(name)
	if d == nil {
		return c.JSON(http.StatusNotFound, map[string]string{"message": fmt.Sprintf("device %q is not known to this service", name)})
	}
	v := b.view(d)
	v.Description, v.Labels, v.Protocols = d.model.Description, d.model.Labels, d.model.Protocols
	v.Sources = sourceViews(d.profile)
	return c.JSON(http.StatusOK, v)
}

func (b *bridge) view(d *device) deviceView {
	name := d.model.Name
	v := deviceView{
		Name: name, Profile: d.model.ProfileName, State: stateNames[b.faults.state(name)],
		AdminState: d.model.AdminState, OperatingState: string(d.model.OperatingState),
		AutoEvents: autoEventsText(d.model.AutoEvents),
	}
	v.Error, v.Faults = b.faults.of(name)
	if at := lastTouched(b.sdk, name); at > 0 {
		t := time.Unix(0, at)
		v.LastConnected = &t
	}
	return v
}

func sourceViews(p models.DeviceProfile) []sourceView {
	var out []sourceView
	for _, c := range p.DeviceCommands {
		if c.IsHidden {
			continue
		}
		v := sourceView{Name: c.Name, Kind: "command", ReadWrite: c.ReadWrite}
		for _, op := range c.ResourceOperations {
			v.Resources = append(v.Resources, op.DeviceResource)
		}
		out = append(out, v)
	}
	for _, r := range p.DeviceResources {
		if !r.IsHidden {
			out = append(out, sourceView{Name: r.Name, Kind: "resource", ReadWrite: r.Properties.ReadWrite, Type: r.Properties.ValueType, Units: r.Properties.Units})
		}
	}
	return out
}
