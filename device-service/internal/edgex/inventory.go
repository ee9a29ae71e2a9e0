package edgex

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	dtocommon "github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
)

// row is one device of a list that is imported, and what becomes of it.
type row struct {
	Line   int      `json:"line"` // in the list; the first device of a copy is 1
	Name   string   `json:"name"`
	Action string   `json:"action"` // create, update, unchanged or error
	Diff   []string `json:"diff,omitempty"`
	Error  string   `json:"error,omitempty"`

	device models.Device
}

// The actions of rows.
const (
	actionCreate    = "create"
	actionUpdate    = "update"
	actionUnchanged = "unchanged"
	actionError     = "error"
)

// plan finds out what each row would do. A row that is not right says why; the
// others are not touched by it.
func (b *bridge) plan(rows []row) {
	seen := map[string]int{}
	for i := range rows {
		r := &rows[i]
		if r.Action == actionError {
			continue
		}
		if line, twice := seen[r.Name]; twice {
			r.fail(fmt.Errorf("device %q stands in line %d already", r.Name, line))
			continue
		}
		seen[r.Name] = r.Line
		b.planRow(r)
	}
}

func (b *bridge) planRow(r *row) {
	r.device.ServiceName = b.sdk.Name()
	old := b.device(r.Name)
	if old == nil {
		r.Action = actionCreate
	} else {
		r.Diff = difference(old.model, r.device)
		r.Action = actionUpdate
		if len(r.Diff) == 0 {
			r.Action = actionUnchanged
			return
		}
		r.device = overlay(old.model, r.device)
	}
	if err := b.ValidateDevice(r.device); err != nil {
		r.fail(err)
	}
}

func (r *row) fail(err error) { r.Action, r.Error = actionError, err.Error() }

// overlay is a device with what a list says of it; the rest stays.
func overlay(old, with models.Device) models.Device {
	old.ProfileName, old.Protocols = with.ProfileName, with.Protocols
	if with.Description != "" {
		old.Description = with.Description
	}
	if with.Labels != nil {
		old.Labels = with.Labels
	}
	if with.AutoEvents != nil {
		old.AutoEvents = with.AutoEvents
	}
	return old
}

// difference lists what would change, one line each.
func difference(old, with models.Device) []string {
	var out []string
	note := func(what string, a, b any) {
		if !reflect.DeepEqual(a, b) {
			out = append(out, fmt.Sprintf("%s: %v -> %v", what, shown(a), shown(b)))
		}
	}
	note("profile", old.ProfileName, with.ProfileName)
	if with.Description != "" {
		note("description", old.Description, with.Description)
	}
	if with.Labels != nil {
		note("labels", strings.Join(old.Labels, " "), strings.Join(with.Labels, " "))
	}
	for _, protocol := range names(old.Protocols, with.Protocols) {
		a, b := old.Protocols[protocol], with.Protocols[protocol]
		for _, property := range names(a, b) {
			note(protocol+"."+property, plainText(a[property]), plainText(b[property]))
		}
	}
	if with.AutoEvents != nil {
		note("autoEvents", autoEventsText(old.AutoEvents), autoEventsText(with.AutoEvents))
	}
	return out
}

// names are the keys of both maps in order.
func names[V any](a, b map[string]V) []string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]V{}
	}
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

// plainText is a property as a list has it; "" when it is not there.
func plainText(v any) string {
	if v == nil {
		return ""
	}
	return strings.TrimSpace(fmt.Sprint(v))
}

func shown(v any) any {
	if v == "" {
		return "(none)"
	}
	return v
}

// applyRows creates and updates what the rows say. One that core-metadata
// refuses does not keep the others back. It returns when the new devices are
// served, so that who made them can read them.
func (b *bridge) applyRows(ctx context.Context, rows []row) {
	for i := range rows {
		r := &rows[i]
		if err := b.store(ctx, r); err != nil {
			r.fail(err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, servedWithin)
	defer cancel()
	for _, r := range rows {
		for r.Action == actionCreate && b.device(r.Name) == nil && ctx.Err() == nil {
			time.Sleep(servedPoll)
		}
	}
}

// servedWithin bounds how long an answer waits for the system events of new
// devices, which it asks for every servedPoll.
const (
	servedWithin = 2 * time.Second
	servedPoll   = 10 * time.Millisecond
)

// store tells core-metadata of one device. It answers for each device by
// itself, which the SDK's calls do not look at.
func (b *bridge) store(ctx context.Context, r *row) error {
	switch r.Action {
	case actionCreate:
		request := requests.NewAddDeviceRequest(dtos.FromDeviceModelToDTO(r.device))
		answers, err := b.registry.devices.Add(ctx, []requests.AddDeviceRequest{request})
		if err != nil {
			return err
		}
		if len(answers) == 1 {
			return refusal(answers[0].BaseResponse)
		}
	case actionUpdate:
		request := requests.NewUpdateDeviceRequest(dtos.FromDeviceModelToUpdateDTO(r.device))
		answers, err := b.registry.devices.Update(ctx, []requests.UpdateDeviceRequest{request})
		if err != nil {
			return err
		}
		if len(answers) == 1 {
			return refusal(answers[0])
		}
	}
	return nil
}

// refusal is why core-metadata has not taken one of several things.
func refusal(a dtocommon.BaseResponse) error {
	if a.StatusCode < http.StatusMultipleChoices {
		return nil
	}
	return fmt.Errorf("core-metadata: %s", a.Message)
}

// copies are devices like one that is there, each with other properties.
func (b *bridge) copies(of string, wanted []copyOf) ([]row, error) {
	template := b.device(of)
	if template == nil {
		return nil, fmt.Errorf("device %q is not known to this service", of)
	}
	if len(wanted) == 0 {
		return nil, errors.New("no copy is wanted")
	}
	var rows []row
	for i, w := range wanted {
		d := template.model
		d.Id, d.Name = "", w.Name
		if w.Description != "" {
			d.Description = w.Description
		}
		r := row{Line: i + 1, Name: w.Name, device: d}
		if err := w.set(&r.device); err != nil {
			r.fail(err)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// copyOf is one copy: its name and the properties that differ.
type copyOf struct {
	Name        string         `json:"name"`
	Description string         `json:"description"`
	Properties  map[string]any `json:"properties"` // of the device's protocol
}

func (w copyOf) set(d *models.Device) error {
	if w.Name == "" {
		return errors.New("a copy has no name")
	}
	if len(d.Protocols) != 1 {
		return fmt.Errorf("device has %d protocols; copy one that has a single protocol", len(d.Protocols))
	}
	protocols := map[string]models.ProtocolProperties{}
	for name, properties := range d.Protocols {
		own := models.ProtocolProperties(maps.Clone(map[string]any(properties)))
		for k, v := range w.Properties {
			own[k] = v
		}
		protocols[name] = own
	}
	d.Protocols = protocols
	return nil
}
