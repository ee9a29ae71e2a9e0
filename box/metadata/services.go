package metadata

import (
	"net/http"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
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

func (t *tables) tellService(action string, d dtos.DeviceService) {
	t.tell(news{common.DeviceServiceSystemEventType, action, d.Name, "", d})
}

func (s *Server) addServices(w http.ResponseWriter, r *http.Request) (int, any, error) {
	return addEach(s, w, r, func(t *tables, item requests.AddDeviceServiceRequest) (requestID, id string, err error) {
		d := item.Service
		d.Id, d.Created, d.Modified = uuid.NewString(), now(), now()
		if err = insert(t.Services, serviceNoun, d.Name, d); err == nil {
			t.tellService(common.SystemEventActionAdd, d)
		}
		return item.RequestId, d.Id, err
	})
}

func (s *Server) patchServices(w http.ResponseWriter, r *http.Request) (int, any, error) {
	return changeEach(s, w, r, func(t *tables, item requests.UpdateDeviceServiceRequest) (requestID string, err error) {
		before, err := byNameOrID(t.Services, serviceNoun, item.Service.Name, item.Service.Id, serviceID)
		if err != nil {
			return item.RequestId, err
		}
		model := dtos.ToDeviceServiceModel(before)
		requests.ReplaceDeviceServiceModelFieldsWithDTO(&model, item.Service)
		after := dtos.FromDeviceServiceModelToDTO(model)
		after.Created, after.Modified = before.Created, now()
		t.Services[after.Name] = after
		t.tellService(common.SystemEventActionUpdate, after)
		return item.RequestId, nil
	})
}

func (s *Server) allServices(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	return list(r, s.store.view().Services, describeService, everything, responses.NewMultiDeviceServicesResponse)
}

func (s *Server) serviceByName(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	d, err := find(s.store.view().Services, serviceNoun, r.PathValue(common.Name))
	return http.StatusOK, responses.NewDeviceServiceResponse("", "", http.StatusOK, d), err
}

func (s *Server) deleteService(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	return done(s.change(func(t *tables) error {
		d, err := find(t.Services, serviceNoun, r.PathValue(common.Name))
		if err != nil {
			return err
		}
		for _, device := range t.Devices {
			if device.ServiceName == d.Name {
				return refuse(http.StatusConflict, "device service %q still has device %q", d.Name, device.Name)
			}
		}
		for _, watcher := range t.Watchers {
			if watcher.ServiceName == d.Name {
				return refuse(http.StatusConflict, "device service %q still has provision watcher %q", d.Name, watcher.Name)
			}
		}
		delete(t.Services, d.Name)
		t.tellService(common.SystemEventActionDelete, d)
		return nil
	}))
}
