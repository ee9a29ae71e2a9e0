package metadata

import (
	"net/http"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
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

func (t *tables) tellWatcher(action, owner string, p dtos.ProvisionWatcher) {
	t.tell(news{common.ProvisionWatcherSystemEventType, action, owner, p.DiscoveredDevice.ProfileName, p})
}

func (s *Server) addWatchers(w http.ResponseWriter, r *http.Request) (int, any, error) {
	return addEach(s, w, r, func(t *tables, item requests.AddProvisionWatcherRequest) (requestID, id string, err error) {
		p := item.ProvisionWatcher
		p.Id, p.Created, p.Modified = uuid.NewString(), now(), now()
		if err = insert(t.Watchers, watcherNoun, p.Name, p); err == nil {
			t.tellWatcher(common.SystemEventActionAdd, p.ServiceName, p)
		}
		return item.RequestId, p.Id, err
	})
}

func (s *Server) patchWatchers(w http.ResponseWriter, r *http.Request) (int, any, error) {
	return changeEach(s, w, r, func(t *tables, item requests.UpdateProvisionWatcherRequest) (requestID string, err error) {
		patch := item.ProvisionWatcher
		before, err := byNameOrID(t.Watchers, watcherNoun, patch.Name, patch.Id, watcherID)
		if err != nil {
			return item.RequestId, err
		}
		model := dtos.ToProvisionWatcherModel(before)
		requests.ReplaceProvisionWatcherModelFieldsWithDTO(&model, patch)
		after := dtos.FromProvisionWatcherModelToDTO(model)
		after.Created, after.Modified = before.Created, now()
		t.Watchers[after.Name] = after
		if before.ServiceName != after.ServiceName {
			t.tellWatcher(common.SystemEventActionUpdate, before.ServiceName, after)
		}
		t.tellWatcher(common.SystemEventActionUpdate, after.ServiceName, after)
		return item.RequestId, nil
	})
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
	return list(r, s.store.view().Watchers, describeWatcher, keep, responses.NewMultiProvisionWatchersResponse)
}

func (s *Server) watcherByName(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	p, err := find(s.store.view().Watchers, watcherNoun, r.PathValue(common.Name))
	return http.StatusOK, responses.NewProvisionWatcherResponse("", "", http.StatusOK, p), err
}

func (s *Server) deleteWatcher(_ http.ResponseWriter, r *http.Request) (int, any, error) {
	return done(s.change(func(t *tables) error {
		p, err := find(t.Watchers, watcherNoun, r.PathValue(common.Name))
		if err != nil {
			return err
		}
		delete(t.Watchers, p.Name)
		t.tellWatcher(common.SystemEventActionDelete, p.ServiceName, p)
		return nil
	}))
}
