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

const watcherNoun = "provision watcher"

func (s *Server) watcherRoutes(handle func(string, answer)) {
	handle("POST "+common.ApiProvisionWatcherRoute, s.addWatchers)
	handle("PATCH "+common.ApiProvisionWatcherRoute, s.patchWatchers)
	handle("GET "+common.ApiAllProvisionWatcherRoute, s.listWatchers)
	handle("GET "+common.ApiProvisionWatcherByServiceNameRoute, s.watchersOfService)
	handle("GET "+common.ApiProvisionWatcherByProfileNameRoute, s.watchersOfProfile)
	handle("GET "+common.ApiProvisionWatcherByNameRoute, s.watcherByName)
	handle("DELETE "+common.ApiProvisionWatcherByNameRoute, s.deleteWatcher)
}

func describeWatcher(w dtos.ProvisionWatcher) entry {
	return entry{name: w.Name, created: w.Created, labels: w.Labels}
}

func watcherID(w dtos.ProvisionWatcher) string { return w.Id }

func (s *Server) announceWatcher(action, owner string, p dtos.ProvisionWatcher) {
	s.bus.announce(common.ProvisionWatcherSystemEventType, action, owner, p.DiscoveredDevice.ProfileName, p)
}

func (s *Server) addWatchers(w http.ResponseWriter, r *http.Request) (int, any, error) {
	items, err := readItems[requests.AddProvisionWatcherRequest](w, r)
	if err != nil {
		return 0, nil, err
	}
	out := []dtocommon.BaseWithIdResponse{}
	for _, item := range items {
		p := item.ProvisionWatcher
		p.Id, p.Created, p.Modified = uuid.NewString(), now(), now()
		err := s.store.change(func(t *tables) error {
			if _, found := t.Watchers[p.Name]; found {
				return exists(watcherNoun, p.Name)
			}
			t.Watchers[p.Name] = p
			return nil
		})
		if err == nil {
			s.announceWatcher(common.SystemEventActionAdd, p.ServiceName, p)
		}
		out = append(out, added(item.RequestId, p.Id, err))
	}
	return http.StatusMultiStatus, out, nil
}

func (s *Server) patchWatchers(w http.ResponseWriter, r *http.Request) (int, any, error) {
	items, err := readItems[requests.UpdateProvisionWatcherRequest](w, r)
	if err != nil {
		return 0, nil, err
	}
	out := []dtocommon.BaseResponse{}
	for _, item := range items {
		var before, after dtos.ProvisionWatcher
		err := s.store.change(func(t *tables) error {
			var err error
			patch := item.ProvisionWatcher
			before, err = byNameOrID(t.Watchers, watcherNoun, patch.Name, patch.Id, watcherID)
			if err != nil {
				return err
			}
			model := dtos.ToProvisionWatcherModel(before)
			requests.ReplaceProvisionWatcherModelFieldsWithDTO(&model, patch)
			after = dtos.FromProvisionWatcherModelToDTO(model)
			after.Modified = now()
			t.Watchers[after.Name] = after
			return nil
		})
		if err == nil {
			if before.ServiceName != after.ServiceName {
				s.announceWatcher(common.SystemEventActionUpdate, before.ServiceName, after)
			}
			s.announceWatcher(common.SystemEventActionUpdate, after.ServiceName, after)
		}
		out = append(out, changed(item.RequestId, err))
	}
	return http.StatusMultiStatus, out, nil
}

func (s *Server) listWatchers(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	return s.watchersWhere(r, everything)
}

func (s *Server) watchersOfService(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	name := r.PathValue(common.Name)
	return s.watchersWhere(r, func(p dtos.ProvisionWatcher) bool { return p.ServiceName == name })
}

func (s *Server) watchersOfProfile(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	name := r.PathValue(common.Name)
	return s.watchersWhere(r, func(p dtos.ProvisionWatcher) bool { return p.DiscoveredDevice.ProfileName == name })
}

func (s *Server) watchersWhere(r *http.Request, keep func(dtos.ProvisionWatcher) bool) (int, any, error) {
	p, err := readPage(r.URL.Query())
	if err != nil {
		return 0, nil, err
	}
	found, total, err := list(s.store.view().Watchers, p, describeWatcher, keep)
	return http.StatusOK, responses.NewMultiProvisionWatchersResponse("", "", http.StatusOK, total, found), err
}

func (s *Server) watcherByName(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	name := r.PathValue(common.Name)
	p, found := s.store.view().Watchers[name]
	if !found {
		return 0, nil, missing(watcherNoun, name)
	}
	return http.StatusOK, responses.NewProvisionWatcherResponse("", "", http.StatusOK, p), nil
}

func (s *Server) deleteWatcher(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	name := r.PathValue(common.Name)
	var p dtos.ProvisionWatcher
	err := s.store.change(func(t *tables) error {
		var found bool
		if p, found = t.Watchers[name]; !found {
			return missing(watcherNoun, name)
		}
		delete(t.Watchers, name)
		return nil
	})
	if err == nil {
		s.announceWatcher(common.SystemEventActionDelete, p.ServiceName, p)
	}
	return done(err)
}
