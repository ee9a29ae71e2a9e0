package metadata

import (
	"context"
	"errors"
	"net/http"
	"sync"

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

func (s *Server) announceDevice(action, owner string, d dtos.Device) {
	s.bus.announce(common.DeviceSystemEventType, action, owner, d.ProfileName, d)
}

// checkDevice tells why the tables cannot take a device.
func checkDevice(t tables, d dtos.Device) error {
	if _, found := t.Services[d.ServiceName]; !found {
		return missing(serviceNoun, d.ServiceName)
	}
	if _, found := t.Profiles[d.ProfileName]; !found {
		return missing(profileNoun, d.ProfileName)
	}
	return nil
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
	var stored []dtos.Device
	err = s.store.change(func(t *tables) error {
		for i, item := range items {
			d := item.Device
			d.Id, d.Created, d.Modified = uuid.NewString(), now(), now()
			err := verdicts[i]
			// Again, for an item before it or another request may have come first.
			if _, found := t.Devices[d.Name]; err == nil && found {
				err = exists(deviceNoun, d.Name)
			}
			if err == nil {
				err = checkDevice(*t, d)
			}
			if err == nil {
				t.Devices[d.Name] = d
				stored = append(stored, d)
			}
			out = append(out, added(item.RequestId, d.Id, err))
		}
		return nil
	})
	if err != nil {
		return 0, nil, err
	}
	for _, d := range stored {
		s.announceDevice(common.SystemEventActionAdd, d.ServiceName, d)
	}
	return http.StatusMultiStatus, out, nil
}

// maxQuestions bounds how many devices are validated at a time: each question
// may take its whole time-out when the service is away.
const maxQuestions = 16

// validateNew checks devices that are to be added and asks their services
// about those that could be. The verdicts are in the order of the items.
func (s *Server) validateNew(ctx context.Context, items []requests.AddDeviceRequest) []error {
	t := s.store.view()
	verdicts := make([]error, len(items))
	slots := make(chan struct{}, maxQuestions)
	var asked sync.WaitGroup
	for i, item := range items {
		if _, found := t.Devices[item.Device.Name]; found {
			verdicts[i] = exists(deviceNoun, item.Device.Name)
			continue
		}
		if verdicts[i] = checkDevice(t, item.Device); verdicts[i] != nil {
			continue
		}
		slots <- struct{}{}
		asked.Go(func() {
			defer func() { <-slots }()
			verdicts[i] = s.validate(ctx, item.Device)
		})
	}
	asked.Wait()
	return verdicts
}

func (s *Server) patchDevices(w http.ResponseWriter, r *http.Request) (int, any, error) {
	items, err := readItems[requests.UpdateDeviceRequest](w, r)
	if err != nil {
		return 0, nil, err
	}
	out := []dtocommon.BaseResponse{}
	for _, item := range items {
		out = append(out, changed(item.RequestId, s.patchDevice(r.Context(), item.Device)))
	}
	return http.StatusMultiStatus, out, nil
}

func (s *Server) patchDevice(ctx context.Context, patch dtos.UpdateDevice) error {
	_, proposal, err := patchedDevice(s.store.view(), patch)
	if err != nil {
		return err
	}
	if err := s.validate(ctx, proposal); err != nil {
		return err
	}
	var before, after dtos.Device
	err = s.store.change(func(t *tables) error {
		var err error
		if before, after, err = patchedDevice(*t, patch); err != nil {
			return err
		}
		t.Devices[after.Name] = after
		return nil
	})
	if err != nil {
		return err
	}
	if before.ServiceName != after.ServiceName {
		// The service that had it must let go.
		s.announceDevice(common.SystemEventActionUpdate, before.ServiceName, after)
	}
	s.announceDevice(common.SystemEventActionUpdate, after.ServiceName, after)
	return nil
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
	p, err := readPage(r.URL.Query())
	if err != nil {
		return 0, nil, err
	}
	found, total, err := list(s.store.view().Devices, p, describeDevice, keep)
	return http.StatusOK, responses.NewMultiDevicesResponse("", "", http.StatusOK, total, found), err
}

func (s *Server) device(name string) (dtos.Device, error) {
	d, found := s.store.view().Devices[name]
	if !found {
		return d, missing(deviceNoun, name)
	}
	return d, nil
}

func (s *Server) deviceExists(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	_, err := s.device(r.PathValue(common.Name))
	return done(err)
}

func (s *Server) deviceByName(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	d, err := s.device(r.PathValue(common.Name))
	return http.StatusOK, responses.NewDeviceResponse("", "", http.StatusOK, d), err
}

func (s *Server) deleteDevice(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	name := r.PathValue(common.Name)
	var d dtos.Device
	err := s.store.change(func(t *tables) error {
		var found bool
		if d, found = t.Devices[name]; !found {
			return missing(deviceNoun, name)
		}
		delete(t.Devices, name)
		return nil
	})
	if err == nil {
		s.announceDevice(common.SystemEventActionDelete, d.ServiceName, d)
	}
	return done(err)
}
