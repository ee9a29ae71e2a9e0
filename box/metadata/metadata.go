// Package metadata stands in for EdgeX core-metadata where none is installed:
// the REST calls under /api/v3 that device services, app services and
// core-command make, validation of devices over the message bus, and system
// events. All it knows is in one file.
package metadata

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	dtocommon "github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/common"
	"github.com/edgexfoundry/go-mod-messaging/v3/messaging"
)

// edgexVersion is the release of EdgeX whose core-metadata this stands for. App
// services refuse to start with another major version than that of their SDK.
const edgexVersion = "3.1.1"

// Options of a Server.
type Options struct {
	File string // where everything is kept; made when it is not there
	// Bus is connected, and stays the caller's to disconnect.
	Bus    messaging.MessageClient
	Prefix string // base topic; "edgex" unless set
	// Timeout is how long a device service may take to validate a device; 5 s
	// unless set.
	Timeout time.Duration
	Log     *slog.Logger // nil: silent
}

// Server answers core-metadata's REST calls. It is an http.Handler.
type Server struct {
	http.Handler
	store      *store
	bus        *bus
	registered *register
	log        *slog.Logger
}

// New opens the file and returns a Server that is ready to serve.
func New(o Options) (*Server, error) {
	if o.Bus == nil {
		return nil, errors.New("metadata: no message bus")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	st, err := openStore(o.File)
	if err != nil {
		return nil, err
	}
	prefix := cmp.Or(o.Prefix, common.DefaultBaseTopic)
	s := &Server{
		store:      st,
		registered: newRegister(),
		bus:        newBus(o.Bus, prefix, cmp.Or(o.Timeout, 5*time.Second), o.Log),
		log:        o.Log,
	}
	s.Handler = s.routes()
	return s, nil
}

// Close sends the system events that are queued. No request may be under way.
func (s *Server) Close() { s.bus.close() }

// AwaitService returns once a device service of that name has registered with
// this Server, which it does at each start when its routes are in place.
func (s *Server) AwaitService(ctx context.Context, name string) error {
	return s.registered.await(ctx, name)
}

// EventsDropped is how many system events were lost to a slow bus.
func (s *Server) EventsDropped() int64 { return s.bus.dropped.Load() }

// answer is what a handler returns: the body for 200 or 207, or an error.
type answer func(w http.ResponseWriter, r *http.Request) (status int, body any, err error)

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, f answer) { mux.HandleFunc(pattern, s.serve(f)) }
	s.generalRoutes(handle)
	s.serviceRoutes(handle)
	s.profileRoutes(handle)
	s.deviceRoutes(handle)
	s.watcherRoutes(handle)
	handle("/", func(_ http.ResponseWriter, r *http.Request) (int, any, error) {
		return 0, nil, refuse(http.StatusNotFound, "no route %s %s", r.Method, r.URL.Path)
	})
	return mux
}

func (s *Server) serve(f answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		status, body, err := f(w, r)
		if err != nil {
			status = statusOf(err)
			body = dtocommon.NewBaseResponse("", err.Error(), status)
		}
		if id := r.Header.Get(common.CorrelationHeader); id != "" {
			w.Header().Set(common.CorrelationHeader, id)
		}
		w.Header().Set(common.ContentType, common.ContentTypeJSON)
		w.WriteHeader(status)
		if err := json.NewEncoder(w).Encode(body); err != nil {
			s.log.Debug("answer", "path", r.URL.Path, "error", err)
		}
	}
}

func (s *Server) generalRoutes(handle func(string, answer)) {
	handle("GET "+common.ApiPingRoute, func(http.ResponseWriter, *http.Request) (int, any, error) {
		return http.StatusOK, dtocommon.NewPingResponse(common.CoreMetaDataServiceKey), nil
	})
	handle("GET "+common.ApiVersionRoute, func(http.ResponseWriter, *http.Request) (int, any, error) {
		return http.StatusOK, dtocommon.NewVersionResponse(edgexVersion, common.CoreMetaDataServiceKey), nil
	})
	handle("GET "+common.ApiConfigRoute, func(http.ResponseWriter, *http.Request) (int, any, error) {
		config := map[string]any{"MaxResultCount": maxResults, "RequestTimeout": s.bus.timeout.String(), "BaseTopicPrefix": s.bus.prefix}
		return http.StatusOK, dtocommon.NewConfigResponse(config, common.CoreMetaDataServiceKey), nil
	})
}

// now is a record's time stamp, in milliseconds as EdgeX has it.
func now() int64 { return time.Now().UnixMilli() }

// added is the element of a 207 answer for a record that was to be stored.
func added(requestID, id string, err error) dtocommon.BaseWithIdResponse {
	if err != nil {
		return dtocommon.NewBaseWithIdResponse(requestID, err.Error(), statusOf(err), "")
	}
	return dtocommon.NewBaseWithIdResponse(requestID, "", http.StatusCreated, id)
}

// changed is the element of a 207 answer for a record that was to be changed.
func changed(requestID string, err error) dtocommon.BaseResponse {
	if err != nil {
		return dtocommon.NewBaseResponse(requestID, err.Error(), statusOf(err))
	}
	return dtocommon.NewBaseResponse(requestID, "", http.StatusOK)
}

func done(err error) (int, any, error) {
	return http.StatusOK, dtocommon.NewBaseResponse("", "", http.StatusOK), err
}

// byNameOrID finds the record that a PATCH means. Where both are given, they
// must be the same record's.
func byNameOrID[T any](table map[string]T, noun string, name, id *string, idOf func(T) string) (T, error) {
	var none T
	if name != nil {
		record, found := table[*name]
		if !found {
			return none, missing(noun, *name)
		}
		if id != nil && *id != idOf(record) {
			return none, refuse(http.StatusBadRequest, "%s %q has another id than %s", noun, *name, *id)
		}
		return record, nil
	}
	for _, record := range table {
		if id != nil && idOf(record) == *id {
			return record, nil
		}
	}
	return none, refuse(http.StatusNotFound, "no %s has that id", noun)
}
