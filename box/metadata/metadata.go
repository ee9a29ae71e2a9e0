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

// change edits the tables and tells of it, in the order of the changes: a
// device service believes the event that comes last.
func (s *Server) change(edit func(*tables) error) error {
	return s.store.change(edit, func(all []news) {
		s.bus.announce(all)
		for _, n := range all {
			if n.kind == common.DeviceServiceSystemEventType && n.action != common.SystemEventActionDelete {
				s.registered.note(n.owner)
			}
		}
	})
}

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

func done(err error) (int, any, error) {
	return http.StatusOK, dtocommon.NewBaseResponse("", "", http.StatusOK), err
}
