package metadata

import (
	"net/http"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	dtocommon "github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/responses"
	"github.com/google/uuid"
)

const serviceNoun = "device service"

func (s *Server) serviceRoutes(handle func(string, answer)) {
	handle("POST "+common.ApiDeviceServiceRoute, s.addServices)
	handle("PATCH "+common.ApiDeviceServiceRoute, s.patchServices)
	handle("GET "+common.ApiAllDeviceServiceRoute, s.allServices)
	handle("GET "+common.ApiDeviceServiceByNameRoute, s.serviceByName)
	handle("DELETE "+common.ApiDeviceServiceByNameRoute, s.deleteService)
}

func describeService(d dtos.DeviceService) entry {
	return entry{name: d.Name, created: d.Created, labels: d.Labels}
}

func serviceID(d dtos.DeviceService) string { return d.Id }

func (s *Server) announceService(action string, d dtos.DeviceService) {
	s.bus.announce(common.DeviceServiceSystemEventType, action, d.Name, "", d)
}

func (s *Server) addServices(w http.ResponseWriter, r *http.Request) (int, any, error) {
	items, err := readItems[requests.AddDeviceServiceRequest](w, r)
	if err != nil {
		return 0, nil, err
	}
	out := []dtocommon.BaseWithIdResponse{}
	for _, item := range items {
		d := item.Service
		d.Id, d.Created, d.Modified = uuid.NewString(), now(), now()
		err := s.store.change(func(t *tables) error {
			if _, found := t.Services[d.Name]; found {
				return exists(serviceNoun, d.Name)
			}
			t.Services[d.Name] = d
			return nil
		})
		if err == nil {
			s.announceService(common.SystemEventActionAdd, d)
			s.registered.note(d.Name)
		}
		out = append(out, added(item.RequestId, d.Id, err))
	}
	return http.StatusMultiStatus, out, nil
}

func (s *Server) patchServices(w http.ResponseWriter, r *http.Request) (int, any, error) {
	items, err := readItems[requests.UpdateDeviceServiceRequest](w, r)
	if err != nil {
		return 0, nil, err
	}
	out := []dtocommon.BaseResponse{}
	for _, item := range items {
		var d dtos.DeviceService
		err := s.store.change(func(t *tables) error {
			old, err := byNameOrID(t.Services, serviceNoun, item.Service.Name, item.Service.Id, serviceID)
			if err != nil {
				return err
			}
			model := dtos.ToDeviceServiceModel(old)
			requests.ReplaceDeviceServiceModelFieldsWithDTO(&model, item.Service)
			d = dtos.FromDeviceServiceModelToDTO(model)
			d.Created, d.Modified = old.Created, now()
			t.Services[d.Name] = d
			return nil
		})
		if err == nil {
			s.announceService(common.SystemEventActionUpdate, d)
			s.registered.note(d.Name)
		}
		out = append(out, changed(item.RequestId, err))
	}
	return http.StatusMultiStatus, out, nil
}

func (s *Server) allServices(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	p, err := readPage(r.URL.Query())
	if err != nil {
		return 0, nil, err
	}
	found, total, err := list(s.store.view().Services, p, describeService, everything)
	return http.StatusOK, responses.NewMultiDeviceServicesResponse("", "", http.StatusOK, total, found), err
}

func (s *Server) serviceByName(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	name := r.PathValue(common.Name)
	d, found := s.store.view().Services[name]
	if !found {
		return 0, nil, missing(serviceNoun, name)
	}
	return http.StatusOK, responses.NewDeviceServiceResponse("", "", http.StatusOK, d), nil
}

func (s *Server) deleteService(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	name := r.PathValue(common.Name)
	var d dtos.DeviceService
	err := s.store.change(func(t *tables) error {
		var found bool
		if d, found = t.Services[name]; !found {
			return missing(serviceNoun, name)
		}
		for _, device := range t.Devices {
			if device.ServiceName == name {
				return refuse(http.StatusConflict, "device service %q still has device %q", name, device.Name)
			}
		}
		for _, watcher := range t.Watchers {
			if watcher.ServiceName == name {
				return refuse(http.StatusConflict, "device service %q still has provision watcher %q", name, watcher.Name)
			}
		}
		delete(t.Services, name)
		return nil
	})
	if err == nil {
		s.announceService(common.SystemEventActionDelete, d)
	}
	return done(err)
}
