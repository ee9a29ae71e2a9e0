package metadata

import (
	"net/http"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/responses"
	"github.com/google/uuid"
)

const profileNoun = "device profile"

func (s *Server) profileRoutes(handle func(string, answer)) {
	handle("POST "+common.ApiDeviceProfileRoute, s.addProfiles)
	handle("POST "+common.ApiDeviceProfileUploadFileRoute, s.uploadProfile)
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

// tellProfile tells the world, and each device service with a device of the
// profile, for those listen only to what is theirs.
func (t *tables) tellProfile(action string, p dtos.DeviceProfile) {
	owners := map[string]bool{common.CoreMetaDataServiceKey: true}
	if action == common.SystemEventActionUpdate {
		for _, d := range t.Devices {
			if d.ProfileName == p.Name {
				owners[d.ServiceName] = true
			}
		}
	}
	for owner := range owners {
		t.tell(news{common.DeviceProfileSystemEventType, action, owner, p.Name, p})
	}
}

func (s *Server) addProfiles(w http.ResponseWriter, r *http.Request) (int, any, error) {
	return addEach(s, w, r, func(t *tables, item requests.DeviceProfileRequest) (requestID, id string, err error) {
		p := item.Profile
		p.Id, p.Created, p.Modified = uuid.NewString(), now(), now()
		if err = insert(t.Profiles, profileNoun, p.Name, p); err == nil {
			t.tellProfile(common.SystemEventActionAdd, p)
		}
		return item.RequestId, p.Id, err
	})
}

func (s *Server) putProfiles(w http.ResponseWriter, r *http.Request) (int, any, error) {
	return changeEach(s, w, r, func(t *tables, item requests.DeviceProfileRequest) (requestID string, err error) {
		p := item.Profile
		before, err := find(t.Profiles, profileNoun, p.Name)
		if err != nil {
			return item.RequestId, err
		}
		p.Id, p.Created, p.Modified = before.Id, before.Created, now()
		t.Profiles[p.Name] = p
		t.tellProfile(common.SystemEventActionUpdate, p)
		return item.RequestId, nil
	})
}

// listProfiles serves all lists: a path without a manufacturer or a model
// means any.
func (s *Server) listProfiles(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	manufacturer, model := r.PathValue(common.Manufacturer), r.PathValue(common.Model)
	keep := func(p dtos.DeviceProfile) bool {
		return (manufacturer == "" || p.Manufacturer == manufacturer) && (model == "" || p.Model == model)
	}
	return list(r, s.store.view().Profiles, describeProfile, keep, responses.NewMultiDeviceProfilesResponse)
}

func (s *Server) profileByName(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	p, err := find(s.store.view().Profiles, profileNoun, r.PathValue(common.Name))
	return http.StatusOK, responses.NewDeviceProfileResponse("", "", http.StatusOK, p), err
}

func (s *Server) resourceByName(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	p, err := find(s.store.view().Profiles, profileNoun, r.PathValue(common.ProfileName))
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
	return done(s.change(func(t *tables) error {
		p, err := find(t.Profiles, profileNoun, r.PathValue(common.Name))
		if err != nil {
			return err
		}
		for _, device := range t.Devices {
			if device.ProfileName == p.Name {
				return refuse(http.StatusConflict, "device profile %q is still used by device %q", p.Name, device.Name)
			}
		}
		for _, watcher := range t.Watchers {
			if watcher.DiscoveredDevice.ProfileName == p.Name {
				return refuse(http.StatusConflict, "device profile %q is still used by provision watcher %q", p.Name, watcher.Name)
			}
		}
		delete(t.Profiles, p.Name)
		t.tellProfile(common.SystemEventActionDelete, p)
		return nil
	}))
}
