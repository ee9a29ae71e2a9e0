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

const profileNoun = "device profile"

func (s *Server) profileRoutes(handle func(string, answer)) {
	handle("POST "+common.ApiDeviceProfileRoute, s.addProfiles)
	handle("PUT "+common.ApiDeviceProfileRoute, s.putProfiles)
	handle("GET "+common.ApiAllDeviceProfileRoute, s.listProfiles)
	handle("GET "+common.ApiDeviceProfileByManufacturerRoute, s.listProfiles)
	handle("GET "+common.ApiDeviceProfileByModelRoute, s.listProfiles)
	handle("GET "+common.ApiDeviceProfileByManufacturerAndModelRoute, s.listProfiles)
	handle("GET "+common.ApiDeviceProfileByNameRoute, s.profileByName)
	handle("DELETE "+common.ApiDeviceProfileByNameRoute, s.deleteProfile)
	handle("GET "+common.ApiDeviceResourceByProfileAndResourceRoute, s.resourceByName)
}

func describeProfile(p dtos.DeviceProfile) entry {
	return entry{name: p.Name, created: p.Created, labels: p.Labels}
}

// announceProfile tells the world, and each device service with a device of
// the profile, for those listen only to what is theirs.
func (s *Server) announceProfile(action string, p dtos.DeviceProfile) {
	owners := map[string]bool{common.CoreMetaDataServiceKey: true}
	if action == common.SystemEventActionUpdate {
		for _, d := range s.store.view().Devices {
			if d.ProfileName == p.Name {
				owners[d.ServiceName] = true
			}
		}
	}
	for owner := range owners {
		s.bus.announce(common.DeviceProfileSystemEventType, action, owner, p.Name, p)
	}
}

func (s *Server) addProfiles(w http.ResponseWriter, r *http.Request) (int, any, error) {
	items, err := readItems[requests.DeviceProfileRequest](w, r)
	if err != nil {
		return 0, nil, err
	}
	out := []dtocommon.BaseWithIdResponse{}
	for _, item := range items {
		p := item.Profile
		p.Id, p.Created, p.Modified = uuid.NewString(), now(), now()
		err := s.store.change(func(t *tables) error {
			if _, found := t.Profiles[p.Name]; found {
				return exists(profileNoun, p.Name)
			}
			t.Profiles[p.Name] = p
			return nil
		})
		if err == nil {
			s.announceProfile(common.SystemEventActionAdd, p)
		}
		out = append(out, added(item.RequestId, p.Id, err))
	}
	return http.StatusMultiStatus, out, nil
}

func (s *Server) putProfiles(w http.ResponseWriter, r *http.Request) (int, any, error) {
	items, err := readItems[requests.DeviceProfileRequest](w, r)
	if err != nil {
		return 0, nil, err
	}
	out := []dtocommon.BaseResponse{}
	for _, item := range items {
		p := item.Profile
		err := s.store.change(func(t *tables) error {
			old, found := t.Profiles[p.Name]
			if !found {
				return missing(profileNoun, p.Name)
			}
			p.Id, p.Created, p.Modified = old.Id, old.Created, now()
			t.Profiles[p.Name] = p
			return nil
		})
		if err == nil {
			s.announceProfile(common.SystemEventActionUpdate, p)
		}
		out = append(out, changed(item.RequestId, err))
	}
	return http.StatusMultiStatus, out, nil
}

// listProfiles serves all lists: a path without a manufacturer or a model
// means any.
func (s *Server) listProfiles(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	p, err := readPage(r.URL.Query())
	if err != nil {
		return 0, nil, err
	}
	manufacturer, model := r.PathValue(common.Manufacturer), r.PathValue(common.Model)
	found, total, err := list(s.store.view().Profiles, p, describeProfile, func(p dtos.DeviceProfile) bool {
		return (manufacturer == "" || p.Manufacturer == manufacturer) && (model == "" || p.Model == model)
	})
	return http.StatusOK, responses.NewMultiDeviceProfilesResponse("", "", http.StatusOK, total, found), err
}

func (s *Server) profileByName(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	p, err := s.profile(r.PathValue(common.Name))
	return http.StatusOK, responses.NewDeviceProfileResponse("", "", http.StatusOK, p), err
}

func (s *Server) profile(name string) (dtos.DeviceProfile, error) {
	p, found := s.store.view().Profiles[name]
	if !found {
		return p, missing(profileNoun, name)
	}
	return p, nil
}

func (s *Server) resourceByName(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	p, err := s.profile(r.PathValue(common.ProfileName))
	if err != nil {
		return 0, nil, err
	}
	name := r.PathValue(common.ResourceName)
	for _, resource := range p.DeviceResources {
		if resource.Name == name {
			return http.StatusOK, responses.NewDeviceResourceResponse("", "", http.StatusOK, resource), nil
		}
	}
	return 0, nil, refuse(http.StatusNotFound, "device profile %q has no resource %q", p.Name, name)
}

func (s *Server) deleteProfile(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	name := r.PathValue(common.Name)
	var p dtos.DeviceProfile
	err := s.store.change(func(t *tables) error {
		var found bool
		if p, found = t.Profiles[name]; !found {
			return missing(profileNoun, name)
		}
		for _, device := range t.Devices {
			if device.ProfileName == name {
				return refuse(http.StatusConflict, "device profile %q is still used by device %q", name, device.Name)
			}
		}
		for _, watcher := range t.Watchers {
			if watcher.DiscoveredDevice.ProfileName == name {
				return refuse(http.StatusConflict, "device profile %q is still used by provision watcher %q", name, watcher.Name)
			}
		}
		delete(t.Profiles, name)
		return nil
	})
	if err == nil {
		s.announceProfile(common.SystemEventActionDelete, p)
	}
	return done(err)
}
