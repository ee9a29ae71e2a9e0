package edgex

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	dtocommon "github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/responses"
	"github.com/edgexfoundry/go-mod-messaging/v3/messaging"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"
	"github.com/google/uuid"
)

// metadata stands in for core-metadata: the REST calls that the SDK makes, the
// validation request over the bus, and the system events.
type metadata struct {
	bus messaging.MessageClient
	mux *http.ServeMux

	mu       sync.Mutex
	services map[string]dtos.DeviceService
	profiles map[string]dtos.DeviceProfile
	devices  map[string]dtos.Device
	watchers map[string]dtos.ProvisionWatcher
	refused  string // name of a device that is never added, nor changed
	calls    []string
}

func newMetadata(bus messaging.MessageClient) *metadata {
	m := &metadata{
		bus: bus, mux: http.NewServeMux(),
		services: make(map[string]dtos.DeviceService),
		profiles: make(map[string]dtos.DeviceProfile),
		devices:  make(map[string]dtos.Device),
		watchers: make(map[string]dtos.ProvisionWatcher),
	}
	m.mux.HandleFunc("GET /api/v3/device/service/name/{name}", m.devicesOf)
	m.mux.HandleFunc("GET /api/v3/provisionwatcher/service/name/{name}", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, 200, responses.NewMultiProvisionWatchersResponse("", "", 200, 0, nil))
	})
	m.mux.HandleFunc("POST /api/v3/provisionwatcher", m.addWatchers)
	m.mux.HandleFunc("GET /api/v3/deviceservice/name/{name}", func(w http.ResponseWriter, r *http.Request) {
		if s, found := lookup(m, m.services, r); found {
			reply(w, 200, responses.NewDeviceServiceResponse("", "", 200, s))
			return
		}
		reply(w, 404, dtocommon.NewBaseResponse("", "no such service", 404))
	})
	m.mux.HandleFunc("GET /api/v3/deviceprofile/name/{name}", func(w http.ResponseWriter, r *http.Request) {
		if p, found := lookup(m, m.profiles, r); found {
			reply(w, 200, responses.NewDeviceProfileResponse("", "", 200, p))
			return
		}
		reply(w, 404, dtocommon.NewBaseResponse("", "no such profile", 404))
	})
	m.mux.HandleFunc("POST /api/v3/deviceservice", m.addServices)
	m.mux.HandleFunc("PATCH /api/v3/deviceservice", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, 207, []dtocommon.BaseResponse{dtocommon.NewBaseResponse("", "", 200)})
	})
	m.mux.HandleFunc("POST /api/v3/deviceprofile", m.addProfiles)
	m.mux.HandleFunc("POST /api/v3/device", m.addDevices)
	m.mux.HandleFunc("PATCH /api/v3/device", m.patchDevices)
	return m
}

func (m *metadata) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	m.calls = append(m.calls, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/api/v3/"))
	m.mu.Unlock()
	m.mux.ServeHTTP(w, r)
}

// trace returns the calls since the last trace.
func (m *metadata) trace() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	calls := m.calls
	m.calls = nil
	return calls
}

func reply(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}

func lookup[T any](m *metadata, in map[string]T, r *http.Request) (T, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, found := in[r.PathValue("name")]
	return v, found
}

func (m *metadata) devicesOf(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var of []dtos.Device
	for _, d := range m.devices {
		if d.ServiceName == r.PathValue("name") {
			of = append(of, d)
		}
	}
	reply(w, 200, responses.NewMultiDevicesResponse("", "", 200, uint32(len(of)), of))
}

func (m *metadata) addServices(w http.ResponseWriter, r *http.Request) {
	var q []requests.AddDeviceServiceRequest
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		reply(w, 400, dtocommon.NewBaseResponse("", err.Error(), 400))
		return
	}
	m.mu.Lock()
	for _, x := range q {
		m.services[x.Service.Name] = x.Service
	}
	m.mu.Unlock()
	reply(w, 207, created(len(q)))
}

func (m *metadata) addProfiles(w http.ResponseWriter, r *http.Request) {
	var q []requests.DeviceProfileRequest
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		reply(w, 400, dtocommon.NewBaseResponse("", err.Error(), 400))
		return
	}
	m.mu.Lock()
	for _, x := range q {
		m.profiles[x.Profile.Name] = x.Profile
	}
	m.mu.Unlock()
	reply(w, 207, created(len(q)))
}

func (m *metadata) addWatchers(w http.ResponseWriter, r *http.Request) {
	var q []requests.AddProvisionWatcherRequest
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		reply(w, 400, dtocommon.NewBaseResponse("", err.Error(), 400))
		return
	}
	m.mu.Lock()
	for _, x := range q {
		m.watchers[x.ProvisionWatcher.Name] = x.ProvisionWatcher
	}
	m.mu.Unlock()
	reply(w, 207, created(len(q)))
}

func created(n int) []dtocommon.BaseWithIdResponse {
	out := make([]dtocommon.BaseWithIdResponse, n)
	for i := range out {
		out[i] = dtocommon.NewBaseWithIdResponse("", "", 201, uuid.NewString())
	}
	return out
}

func (m *metadata) addDevices(w http.ResponseWriter, r *http.Request) {
	var q []requests.AddDeviceRequest
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		reply(w, 400, dtocommon.NewBaseResponse("", err.Error(), 400))
		return
	}
	out := created(len(q))
	for i, x := range q {
		if x.Device.Name == m.refused {
			out[i] = dtocommon.NewBaseWithIdResponse("", "device "+m.refused+" is of another service", 409, "")
			continue
		}
		if err := m.add(x.Device); err != nil {
			out[i] = dtocommon.NewBaseWithIdResponse("", err.Error(), 500, "")
		}
	}
	reply(w, 207, out)
}

// add validates and stores a device, and tells of it.
func (m *metadata) add(d dtos.Device) error {
	if err := m.validate(d); err != nil {
		return err
	}
	m.mu.Lock()
	m.devices[d.Name] = d
	m.mu.Unlock()
	return m.tell(common.DeviceSystemEventType, common.SystemEventActionAdd, d.ServiceName, d.ProfileName, d)
}

// change stores a device as edit leaves it, and tells of it.
func (m *metadata) change(name string, edit func(*dtos.Device)) error {
	m.mu.Lock()
	d := m.devices[name]
	edit(&d)
	m.devices[name] = d
	m.mu.Unlock()
	return m.tell(common.DeviceSystemEventType, common.SystemEventActionUpdate, d.ServiceName, d.ProfileName, d)
}

func (m *metadata) remove(name string) error {
	m.mu.Lock()
	d := m.devices[name]
	delete(m.devices, name)
	m.mu.Unlock()
	return m.tell(common.DeviceSystemEventType, common.SystemEventActionDelete, d.ServiceName, d.ProfileName, d)
}

// changeProfile stores a profile as edit leaves it, and tells a service of it.
func (m *metadata) changeProfile(service, name string, edit func(*dtos.DeviceProfile)) error {
	m.mu.Lock()
	p := m.profiles[name]
	edit(&p)
	m.profiles[name] = p
	m.mu.Unlock()
	return m.tell(common.DeviceProfileSystemEventType, common.SystemEventActionUpdate, service, name, p)
}

// lockService sets the admin state of a service, and tells of it.
func (m *metadata) lockService(name, state string) error {
	m.mu.Lock()
	s := m.services[name]
	s.AdminState = state
	m.services[name] = s
	m.mu.Unlock()
	return m.tell(common.DeviceServiceSystemEventType, common.SystemEventActionUpdate, name, "", s)
}

func (m *metadata) patchDevices(w http.ResponseWriter, r *http.Request) {
	var q []requests.UpdateDeviceRequest
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		reply(w, 400, dtocommon.NewBaseResponse("", err.Error(), 400))
		return
	}
	for _, x := range q {
		if *x.Device.Name == m.refused {
			reply(w, 207, []dtocommon.BaseResponse{dtocommon.NewBaseResponse("", "no such device", 404)})
			return
		}
		if err := m.change(*x.Device.Name, func(d *dtos.Device) {
			model := dtos.ToDeviceModel(*d)
			requests.ReplaceDeviceModelFieldsWithDTO(&model, x.Device)
			*d = dtos.FromDeviceModelToDTO(model)
		}); err != nil {
			reply(w, 500, dtocommon.NewBaseResponse("", err.Error(), 500))
			return
		}
	}
	reply(w, 207, []dtocommon.BaseResponse{dtocommon.NewBaseResponse("", "", 200)})
}

func (m *metadata) validate(d dtos.Device) error {
	payload, err := json.Marshal(requests.NewAddDeviceRequest(d))
	if err != nil {
		return err
	}
	res, err := m.bus.Request(types.NewMessageEnvelopeForRequest(payload, nil),
		common.BuildTopic("edgex", d.ServiceName, common.ValidateDeviceSubscribeTopic),
		common.BuildTopic("edgex", common.ResponseTopic, d.ServiceName), longEnough)
	if err != nil {
		return err
	}
	if res.ErrorCode != 0 {
		return fmt.Errorf("device %s validation failed: %s", d.Name, res.Payload)
	}
	return nil
}

func (m *metadata) tell(kind, action, service, profile string, details any) error {
	e := dtos.NewSystemEvent(kind, action, common.CoreMetaDataServiceKey, service, nil, details)
	payload, err := json.Marshal(e)
	if err != nil {
		return err
	}
	envelope := types.NewMessageEnvelope(payload, context.Background())
	envelope.CorrelationID, envelope.ContentType = uuid.NewString(), common.ContentTypeJSON
	topic := common.BuildTopic("edgex", common.SystemEventPublishTopic, common.CoreMetaDataServiceKey, kind, action, service)
	if profile != "" {
		topic = common.BuildTopic(topic, profile)
	}
	return m.bus.Publish(envelope, topic)
}
