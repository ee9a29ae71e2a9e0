package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"sluice/sqlengine/diag"
)

// deviceService calls the routes of a device service.
type deviceService struct{ client *client }

const deviceBase = "/api/v3/"

func newDeviceService(address, token string) *deviceService {
	return &deviceService{newClient(address, token)}
}

// call makes a request; an answer that is no success is a refusal.
func (d *deviceService) call(ctx context.Context, method, path, body string) (*answer, error) {
	a, err := d.client.call(ctx, method, deviceBase+path, body)
	var away *unreachable
	switch {
	case err == nil:
		return a, nil
	case errors.As(err, &away):
		return nil, &unreachable{fmt.Errorf("device service at %s cannot be reached: %w; say where it is with --service or SLUICE_DEVICE_SERVICE", d.client.shown, errors.Unwrap(away.err))}
	case a == nil:
		return nil, err
	}
	return a, d.refused(a)
}

// refused says what a device service has against a request.
func (d *deviceService) refused(a *answer) error {
	var f struct{ Message string }
	said := json.Unmarshal([]byte(a.body), &f) == nil && f.Message != ""
	switch {
	case a.status == http.StatusUnauthorized:
		f.Message = "the device service wants a token of EdgeX; give it with --service-token or SLUICE_DEVICE_SERVICE_TOKEN"
	case a.status == http.StatusServiceUnavailable && !said:
		f.Message = "the device service took longer than its Service.RequestTimeout; what it has begun may be done all the same"
	case a.status == http.StatusLocked && said:
		f.Message += ". A device is read and written while its admin state is UNLOCKED and its operating state is UP; core-metadata has them"
	case !said:
		f.Message = fmt.Sprintf("%d %s; is %s the address of a device service of this version?", a.status, http.StatusText(a.status), d.client.shown)
	}
	return &refusal{status: a.status, message: f.Message}
}

// exchange sends JSON, unless in is nil, and reads JSON into out.
func (d *deviceService) exchange(ctx context.Context, method, path string, in, out any) (*answer, error) {
	body, err := encoded(in)
	if err != nil {
		return nil, fmt.Errorf("request to %s: %w", path, err)
	}
	a, err := d.call(ctx, method, path, body)
	if err != nil {
		return a, err
	}
	return a, d.decode(a, out)
}

// decode reads the JSON of an answer.
func (d *deviceService) decode(a *answer, out any) error {
	if err := json.Unmarshal([]byte(a.body), out); err != nil {
		return d.foreign(err)
	}
	return nil
}

func (d *deviceService) foreign(err error) error {
	return fmt.Errorf("answer of %s is not that of a device service: %w", d.client.shown, err)
}

// devices are all of the service.
func (d *deviceService) devices(ctx context.Context) ([]device, *answer, error) {
	var list struct{ Devices []device }
	a, err := d.exchange(ctx, http.MethodGet, "devices", nil, &list)
	if err == nil && list.Devices == nil {
		err = d.foreign(errors.New("it has no devices in it"))
	}
	return list.Devices, a, err
}

// device is one of the service, with its sources.
func (d *deviceService) device(ctx context.Context, name string) (device, *answer, error) {
	var out device
	a, err := d.exchange(ctx, http.MethodGet, "devices/"+escape(name), nil, &out)
	return out, a, d.withHint(ctx, name, "", err)
}

// commandPath is where a source is read and set.
func commandPath(device, source string) string {
	return "device/name/" + escape(device) + "/" + escape(source)
}

// withHint adds to the refusal of a name that is not known the one that is most
// like it.
func (d *deviceService) withHint(ctx context.Context, name, source string, err error) error {
	var r *refusal
	if !errors.As(err, &r) || r.status != http.StatusNotFound {
		return err
	}
	list, _, failed := d.devices(ctx)
	if failed != nil {
		return err
	}
	var names []string
	for i := range list {
		names = append(names, list[i].Name)
	}
	if !slices.Contains(names, name) {
		return &refusal{status: r.status, message: strings.TrimSpace(fmt.Sprintf("device %q is not known to the service; %s", name, nearest(name, names, "sluice device list shows its devices")))}
	}
	var one device
	if _, failed := d.exchange(ctx, http.MethodGet, "devices/"+escape(name), nil, &one); failed != nil || source == "" {
		return err
	}
	var sources []string
	for _, s := range one.Sources {
		sources = append(sources, s.Name)
	}
	return &refusal{status: r.status, message: fmt.Sprintf("%q is neither a command nor a resource of device %q; %s", source, name, nearest(source, sources, "sluice device get "+name+" shows them"))}
}

// nearest asks for the name that was meant, or else says what to do.
func nearest(name string, among []string, otherwise string) string {
	if near := diag.Nearest(name, among); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return otherwise
}
