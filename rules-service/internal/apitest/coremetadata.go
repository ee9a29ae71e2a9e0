package apitest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/clients/interfaces"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/responses"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/errors"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"

	"sluice/rules-service/internal/api"
)

// CoreMetadata stands for EdgeX's core-metadata, in memory.
type CoreMetadata struct {
	// Refuse tells why something of this name is not taken; "": it is.
	Refuse func(name string) string
	// Lost tells whether the answer to a writing request gets lost.
	Lost func(names []string) bool
	// Away tells whether core-metadata is not there for a writing request.
	Away func() bool

	t        testing.TB
	mu       sync.Mutex
	profiles map[string]dtos.DeviceProfile
	devices  map[string]dtos.Device
	writes   int
}

func newCoreMetadata(t testing.TB) *CoreMetadata {
	return &CoreMetadata{t: t, profiles: map[string]dtos.DeviceProfile{}, devices: map[string]dtos.Device{},
		Refuse: func(string) string { return "" }, Lost: func([]string) bool { return false }, Away: func() bool { return false }}
}

func (c *CoreMetadata) clients() api.CoreMetadata {
	return api.CoreMetadata{Profiles: profileClient{c: c}, Devices: deviceClient{c: c}}
}

// CoreMetadata is that of the service.
func (s *Service) CoreMetadata() *CoreMetadata { return s.metadata }

var errAway = errors.NewCommonEdgeX(errors.KindServiceUnavailable, "connection refused", nil)

// Names are those of all profiles and of all devices.
func (c *CoreMetadata) Names() (profiles, devices []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.profiles)), slices.Sorted(maps.Keys(c.devices))
}

// Device is a device by its name.
func (c *CoreMetadata) Device(name string) dtos.Device {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.devices[name]
}

// Profile is a profile by its name.
func (c *CoreMetadata) Profile(name string) dtos.DeviceProfile {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.profiles[name]
}

// SetDevice changes a device past all requests.
func (c *CoreMetadata) SetDevice(d dtos.Device) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.devices[d.Name] = d
}

// Writes is how many requests have changed something since the last call.
func (c *CoreMetadata) Writes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.writes
	c.writes = 0
	return n
}

// write changes each of a list, or refuses it.
func write[T any](c *CoreMetadata, list []T, name func(T) string, change func(T) string) ([]common.BaseResponse, errors.EdgeX) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Away() {
		return nil, errAway
	}
	c.writes++
	var names []string
	var answers []common.BaseResponse
	for _, one := range list {
		names = append(names, name(one))
		message := c.Refuse(name(one))
		if message == "" {
			message = change(one)
		}
		status := http.StatusOK
		if message != "" {
			status = http.StatusConflict
		}
		answers = append(answers, common.NewBaseResponse("", message, status))
	}
	if c.Lost(names) {
		return nil, errors.NewCommonEdgeX(errors.KindCommunicationError, "the connection was cut", nil)
	}
	return answers, nil
}

// sent is what has gone over a network.
func sent[T any](t testing.TB, v T) (out T) {
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		t.Error(err)
	}
	return out
}

func withIDs(list []common.BaseResponse, err errors.EdgeX) ([]common.BaseWithIdResponse, errors.EdgeX) {
	out := make([]common.BaseWithIdResponse, len(list))
	for i, r := range list {
		out[i].BaseResponse = r
	}
	return out, err
}

// remove removes something that nothing else needs.
func remove[T any](c *CoreMetadata, from map[string]T, name, usedBy string) (common.BaseResponse, errors.EdgeX) {
	if c.Away() {
		return common.BaseResponse{}, errAway
	}
	c.writes++
	if _, there := from[name]; !there {
		return common.BaseResponse{}, errors.NewCommonEdgeX(errors.KindEntityDoesNotExist, name+" is not there", nil)
	}
	if usedBy != "" {
		return common.BaseResponse{}, errors.NewCommonEdgeX(errors.KindStatusConflict, name+" is used by "+usedBy, nil)
	}
	delete(from, name)
	return common.BaseResponse{}, nil
}

// pageOf is a page of two, so that lists have several.
func pageOf[T any](t testing.TB, all map[string]T, offset int) (page []T, total uint32) {
	names := slices.Sorted(maps.Keys(all))
	for _, name := range names[min(offset, len(names)):] {
		page = append(page, sent(t, all[name]))
		if len(page) == max(2, len(names)/2) {
			break
		}
	}
	return page, uint32(len(names))
}

type profileClient struct {
	interfaces.DeviceProfileClient
	c *CoreMetadata
}

func (p profileClient) put(reqs []requests.DeviceProfileRequest, wanted bool) ([]common.BaseResponse, errors.EdgeX) {
	return write(p.c, sent(p.c.t, reqs), func(r requests.DeviceProfileRequest) string { return r.Profile.Name }, func(r requests.DeviceProfileRequest) string {
		if _, there := p.c.profiles[r.Profile.Name]; there != wanted {
			return fmt.Sprintf("profile %s is there: %t", r.Profile.Name, there)
		}
		p.c.profiles[r.Profile.Name] = r.Profile
		return ""
	})
}

func (p profileClient) Add(_ context.Context, reqs []requests.DeviceProfileRequest) ([]common.BaseWithIdResponse, errors.EdgeX) {
	return withIDs(p.put(reqs, false))
}

func (p profileClient) Update(_ context.Context, reqs []requests.DeviceProfileRequest) ([]common.BaseResponse, errors.EdgeX) {
	return p.put(reqs, true)
}

func (p profileClient) DeleteByName(_ context.Context, name string) (common.BaseResponse, errors.EdgeX) {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	usedBy := ""
	for _, d := range p.c.devices {
		if d.ProfileName == name {
			usedBy = d.Name
		}
	}
	return remove(p.c, p.c.profiles, name, usedBy)
}

func (p profileClient) AllDeviceProfiles(_ context.Context, _ []string, offset, _ int) (r responses.MultiDeviceProfilesResponse, err errors.EdgeX) {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	r.Profiles, r.TotalCount = pageOf(p.c.t, p.c.profiles, offset)
	return r, nil
}

type deviceClient struct {
	interfaces.DeviceClient
	c *CoreMetadata
}

func (d deviceClient) Add(_ context.Context, reqs []requests.AddDeviceRequest) ([]common.BaseWithIdResponse, errors.EdgeX) {
	return withIDs(write(d.c, sent(d.c.t, reqs), func(r requests.AddDeviceRequest) string { return r.Device.Name }, func(r requests.AddDeviceRequest) string {
		if _, there := d.c.devices[r.Device.Name]; there {
			return "device " + r.Device.Name + " is there"
		}
		if _, there := d.c.profiles[r.Device.ProfileName]; !there {
			return "profile " + r.Device.ProfileName + " is not there"
		}
		d.c.devices[r.Device.Name] = r.Device
		return ""
	}))
}

func (d deviceClient) Update(_ context.Context, reqs []requests.UpdateDeviceRequest) ([]common.BaseResponse, errors.EdgeX) {
	return write(d.c, sent(d.c.t, reqs), func(r requests.UpdateDeviceRequest) string { return *r.Device.Name }, func(r requests.UpdateDeviceRequest) string {
		old, there := d.c.devices[*r.Device.Name]
		if !there {
			return "device " + *r.Device.Name + " is not there"
		}
		model := dtos.ToDeviceModel(old)
		requests.ReplaceDeviceModelFieldsWithDTO(&model, r.Device)
		d.c.devices[old.Name] = dtos.FromDeviceModelToDTO(model)
		return ""
	})
}

func (d deviceClient) DeleteDeviceByName(_ context.Context, name string) (common.BaseResponse, errors.EdgeX) {
	d.c.mu.Lock()
	defer d.c.mu.Unlock()
	return remove(d.c, d.c.devices, name, "")
}

func (d deviceClient) AllDevices(_ context.Context, _ []string, offset, _ int) (r responses.MultiDevicesResponse, err errors.EdgeX) {
	d.c.mu.Lock()
	defer d.c.mu.Unlock()
	r.Devices, r.TotalCount = pageOf(d.c.t, d.c.devices, offset)
	return r, nil
}

// Locked is a device that somebody has locked.
func (c *CoreMetadata) Locked(name string) {
	d := c.Device(name)
	d.AdminState = models.Locked
	c.SetDevice(d)
}
