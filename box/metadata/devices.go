package metadata

import (
	"context"
	"errors"
	"net/http"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	dtocommon "github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/responses"
	"github.com/google/uuid"
)

const deviceNoun = "device"

func (s *Server) deviceRoutes(handle func(string, answer)) {
	handle("POST "+common.ApiDeviceRoute, s.addDevices)
	handle("PATCH "+common.ApiDeviceRoute, s.patchDevices)
	handle("GET "+common.ApiAllDeviceRoute, s.listDevices)
	handle("GET "+common.ApiDeviceByServiceNameRoute, s.devicesOfService)
	handle("GET "+common.ApiDeviceByProfileNameRoute, s.devicesOfProfile)
	handle("GET "+common.ApiDeviceNameExistsRoute, s.deviceExists)
	handle("GET "+common.ApiDeviceByNameRoute, s.deviceByName)
	handle("DELETE "+common.ApiDeviceByNameRoute, s.deleteDevice)
}

func describeDevice(d dtos.Device) entry {
	return entry{name: d.Name, created: d.Created, labels: d.Labels}
}

func deviceID(d dtos.Device) string { return d.Id }

func (t *tables) tellDevice(action, owner string, d dtos.Device) {
	t.tell(news{common.DeviceSystemEventType, action, owner, d.ProfileName, d})
}

// checkDevice tells why the tables cannot take a device.
func checkDevice(t tables, d dtos.Device) error {
	if _, err := find(t.Services, serviceNoun, d.ServiceName); err != nil {
		return err
	}
	_, err := find(t.Profiles, profileNoun, d.ProfileName)
	return err
}

// validate lets the device's service have its say.
func (s *Server) validate(ctx context.Context, d dtos.Device) error {
	err := s.bus.validate(ctx, d)
	if err == nil {
		return nil
	}
	status := http.StatusInternalServerError
	if errors.Is(err, errNoAnswer) {
		status = http.StatusServiceUnavailable
	}
	return refuse(status, "device %s validation failed: %v", d.Name, err)
}

func (s *Server) addDevices(w http.ResponseWriter, r *http.Request) (int, any, error) {
	items, err := readItems[requests.AddDeviceRequest](w, r)
	if err != nil {
		return 0, nil, err
	}
	verdicts := s.validateNew(r.Context(), items)
	out := []dtocommon.BaseWithIdResponse{}
	err = s.change(func(t *tables) error {
		for i, item := range items {
			d := item.Device
			d.Id, d.Created, d.Modified = uuid.NewString(), now(), now()
			err := verdicts[i]
			// Again, for an item before it or another request may have come first.
			if err == nil {
				err = checkDevice(*t, d)
			}
			if err == nil {
				err = insert(t.Devices, deviceNoun, d.Name, d)
			}
			if err == nil {
				t.tellDevice(common.SystemEventActionAdd, d.ServiceName, d)
			}
			out = append(out, added(item.RequestId, d.Id, err))
		}
		return nil
	})
	return http.StatusMultiStatus, out, err
}

// validateNew checks devices that are to be added and asks their services
// about those that could be. The verdicts are in the order of the items.
func (s *Server) validateNew(ctx context.Context, items []requests.AddDeviceRequest) []error {
	t := s.store.view()
	verdicts := make([]error, len(items))
	var asked questions
	for i, item := range items {
		if _, found := t.Devices[item.Device.Name]; found {
			verdicts[i] = exists(deviceNoun, item.Device.Name)
			continue
		}
		if verdicts[i] = checkDevice(t, item.Device); verdicts[i] == nil {
			asked.ask(func() { verdicts[i] = s.validate(ctx, item.Device) })
		}
	}
	asked.Wait()
	return verdicts
}

// patchedDevice returns a device as it is and as the patch would make it: what
// the patch leaves out stays, lists and maps are replaced whole.
func patchedDevice(t tables, patch dtos.UpdateDevice) (before, after dtos.Device, err error) {
	before, err = byNameOrID(t.Devices, deviceNoun, patch.Name, patch.Id, deviceID)
	if err != nil {
		return before, after, err
	}
	model := dtos.ToDeviceModel(before)
	requests.ReplaceDeviceModelFieldsWithDTO(&model, patch)
	after = dtos.FromDeviceModelToDTO(model)
	after.Created, after.Modified = before.Created, now()
	return before, after, checkDevice(t, after)
}

func (s *Server) listDevices(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	return s.devicesWhere(r, everything)
}

func (s *Server) devicesOfService(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	name := r.PathValue(common.Name)
	return s.devicesWhere(r, func(d dtos.Device) bool { return d.ServiceName == name })
}

func (s *Server) devicesOfProfile(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	name := r.PathValue(common.Name)
	return s.devicesWhere(r, func(d dtos.Device) bool { return d.ProfileName == name })
}

func (s *Server) devicesWhere(r *http.Request, keep func(dtos.Device) bool) (int, any, error) {
	return list(r, s.store.view().Devices, describeDevice, keep, responses.NewMultiDevicesResponse)
}

func (s *Server) deviceExists(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	_, err := find(s.store.view().Devices, deviceNoun, r.PathValue(common.Name))
	return done(err)
}

func (s *Server) deviceByName(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	d, err := find(s.store.view().Devices, deviceNoun, r.PathValue(common.Name))
	return http.StatusOK, responses.NewDeviceResponse("", "", http.StatusOK, d), err
}

func (s *Server) deleteDevice(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	return done(s.change(func(t *tables) error {
		d, err := find(t.Devices, deviceNoun, r.PathValue(common.Name))
		if err != nil {
			return err
		}
		delete(t.Devices, d.Name)
		t.tellDevice(common.SystemEventActionDelete, d.ServiceName, d)
		return nil
	}))
}
