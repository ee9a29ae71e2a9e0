package edgex

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	clientinterfaces "github.com/edgexfoundry/go-mod-core-contracts/v3/clients/interfaces"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	dtocommon "github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/responses"
	"github.com/google/uuid"
)

// standIn answers for core-metadata while the SDK starts and core-metadata is
// away. Reads come from the last known state. What announces the service, and
// what its files add, is taken and repeated when core-metadata returns; the SDK
// would end for want of an answer. All else is refused.
type standIn struct {
	known    lastKnown
	patience time.Duration
	log      *slog.Logger

	looked  sync.Once // whether core-metadata is there
	mu      sync.Mutex
	away    bool
	pending []pendingRequest
}

// pendingRequest is one that core-metadata has to hear of yet.
type pendingRequest struct {
	method, url, path string
	body              []byte
}

const (
	pendingLimit = 64               // a start sends four
	bodyLimit    = 32 << 20         // of one request or answer
	readWithin   = 15 * time.Second // of one answer, at the start
)

// concerns tells whether a request is one for core-metadata.
func (s *standIn) concerns(r *http.Request) bool {
	path, ok := strings.CutPrefix(r.URL.Path, common.ApiBase+"/")
	noun, _, _ := strings.Cut(path, "/")
	switch noun {
	case "device", "deviceprofile", "deviceservice", "provisionwatcher":
		return ok
	}
	return false
}

// roundTrip asks core-metadata, and answers for it once it is away. Nothing is
// locked while it is asked: to answer, it may ask this service in turn.
func (s *standIn) roundTrip(base http.RoundTripper, r *http.Request) (*http.Response, error) {
	body, err := bodyOf(r)
	if err != nil {
		return nil, err
	}
	if !s.lookFor(r) {
		res, err := s.ask(base, r, body)
		if err == nil {
			return res, nil
		}
		s.leave(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.answer(r, body), nil
}

// lookFor tells whether core-metadata is away; the first request finds out.
func (s *standIn) lookFor(r *http.Request) (away bool) {
	s.looked.Do(func() {
		if err := s.reach(r.Context(), r.URL.Host); err != nil {
			s.leave(err)
		}
	})
	return s.isAway()
}

func bodyOf(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	defer func() { _ = r.Body.Close() }() // it is in memory
	return io.ReadAll(io.LimitReader(r.Body, bodyLimit))
}

// reach waits for core-metadata, but not for long.
func (s *standIn) reach(ctx context.Context, host string) error {
	if _, _, err := net.SplitHostPort(host); err != nil {
		host = net.JoinHostPort(host, "80")
	}
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	for {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", host)
		if err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(s.patience/8 + time.Millisecond):
		}
	}
}

func (s *standIn) leave(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return
	}
	s.away = true
	s.log.Warn("core-metadata is away: the service starts with the last known devices",
		"devices", len(s.known.Devices), "profiles", len(s.known.Profiles), "error", err)
}

// ask passes a request on. One that fails in core-metadata's hands counts as
// not answered: the SDK would end with it.
func (s *standIn) ask(base http.RoundTripper, r *http.Request, body []byte) (*http.Response, error) {
	ctx, cancel := r.Context(), func() {}
	if r.Method == http.MethodGet { // to add devices takes as long as it takes
		ctx, cancel = context.WithTimeout(ctx, readWithin)
	}
	defer cancel()
	out := r.Clone(ctx)
	if body != nil {
		out.Body = io.NopCloser(bytes.NewReader(body))
	}
	res, err := base.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }() // it was read alone
	text, err := io.ReadAll(io.LimitReader(res.Body, bodyLimit))
	switch {
	case err != nil:
		return nil, err
	case res.StatusCode >= http.StatusInternalServerError:
		return nil, fmt.Errorf("it answers %s", res.Status)
	}
	res.Body, res.Request = io.NopCloser(bytes.NewReader(text)), r
	return res, nil
}

// answer is what core-metadata would have said.
func (s *standIn) answer(r *http.Request, body []byte) *http.Response {
	path := strings.TrimPrefix(r.URL.Path, common.ApiBase+"/")
	switch r.Method {
	case http.MethodGet:
		status, content := s.read(path)
		return response(r, status, content)
	case http.MethodPost, http.MethodPatch:
		changes := r.Method == http.MethodPatch && path == "device" // which no start does, and who does shall know
		if !changes && !strings.Contains(path, "/") && len(s.pending) < pendingLimit {
			return s.take(r, path, body)
		}
	}
	return response(r, http.StatusServiceUnavailable, dtocommon.NewBaseResponse("", "core-metadata is away", http.StatusServiceUnavailable))
}

// read answers from the last known state.
func (s *standIn) read(path string) (int, any) {
	if _, found := strings.CutPrefix(path, "device/service/name/"); found {
		return http.StatusOK, responses.NewMultiDevicesResponse("", "", http.StatusOK, uint32(len(s.known.Devices)), s.known.Devices)
	}
	if _, found := strings.CutPrefix(path, "provisionwatcher/service/name/"); found {
		return http.StatusOK, responses.NewMultiProvisionWatchersResponse("", "", http.StatusOK, uint32(len(s.known.Watchers)), s.known.Watchers)
	}
	if name, found := strings.CutPrefix(path, "deviceservice/name/"); found && name == s.known.Service.Name {
		return http.StatusOK, responses.NewDeviceServiceResponse("", "", http.StatusOK, s.known.Service)
	}
	if name, found := strings.CutPrefix(path, "deviceprofile/name/"); found {
		if p, known := s.known.profile(name); known {
			return http.StatusOK, responses.NewDeviceProfileResponse("", "", http.StatusOK, p)
		}
	}
	return http.StatusNotFound, dtocommon.NewBaseResponse("", "not in the last known state; core-metadata is away", http.StatusNotFound)
}

// take keeps a request for later, and says that all is well.
func (s *standIn) take(r *http.Request, path string, body []byte) *http.Response {
	var items []json.RawMessage
	if err := json.Unmarshal(body, &items); err != nil {
		return response(r, http.StatusBadRequest, dtocommon.NewBaseResponse("", err.Error(), http.StatusBadRequest))
	}
	s.pending = append(s.pending, pendingRequest{r.Method, r.URL.String(), path, body})
	out := make([]dtocommon.BaseWithIdResponse, len(items))
	for i := range out {
		status := http.StatusCreated
		if r.Method == http.MethodPatch {
			status = http.StatusOK
		}
		out[i] = dtocommon.NewBaseWithIdResponse("", "", status, uuid.NewString())
	}
	if path != "deviceservice" {
		s.log.Warn("core-metadata is away: what is new in the files of the service is added when it returns", "kind", path, "count", len(items))
	}
	return response(r, http.StatusMultiStatus, out)
}

func response(r *http.Request, status int, content any) *http.Response {
	text, _ := json.Marshal(content) // EdgeX's own types always encode
	return &http.Response{
		StatusCode: status, Status: fmt.Sprintf("%d %s", status, http.StatusText(status)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{common.ContentType: {common.ContentTypeJSON}},
		Body:   io.NopCloser(bytes.NewReader(text)), ContentLength: int64(len(text)),
	}
}

// isAway tells that the service has started from the last known state.
func (s *standIn) isAway() bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.away
}

// isPending tells that core-metadata has to hear of something yet.
func (s *standIn) isPending() bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.pending) > 0
}

// repeat tells core-metadata what it has missed, in order. What it refuses is
// logged; what it does not answer stays for the next time.
func (s *standIn) repeat(ctx context.Context, auth clientinterfaces.AuthenticationInjector) error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	pending := s.pending
	s.mu.Unlock()
	for i, p := range pending { // the start is over: none are added
		if err := s.send(ctx, p, auth); err != nil {
			return fmt.Errorf("repeat %s %s: %w", p.method, p.path, err)
		}
		s.mu.Lock()
		s.pending = pending[i+1:]
		s.mu.Unlock()
	}
	return nil
}

func (s *standIn) send(ctx context.Context, p pendingRequest, auth clientinterfaces.AuthenticationInjector) error {
	r, err := http.NewRequestWithContext(ctx, p.method, p.url, bytes.NewReader(p.body))
	if err != nil {
		return err
	}
	r.Header.Set(common.ContentType, common.ContentTypeJSON)
	if err := auth.AddAuthenticationData(r); err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // it was read alone
	text, err := io.ReadAll(io.LimitReader(res.Body, bodyLimit))
	if err != nil {
		return err
	}
	if res.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("core-metadata answers %s", res.Status)
	}
	var answers []dtocommon.BaseResponse
	if json.Unmarshal(text, &answers) != nil {
		s.log.Error("core-metadata refuses what the start had for it", "request", p.method+" "+p.path, "answer", res.Status)
	}
	for _, a := range answers {
		if a.StatusCode >= http.StatusMultipleChoices && a.StatusCode != http.StatusConflict {
			s.log.Error("core-metadata refuses what the start had for it", "request", p.method+" "+p.path, "answer", a.Message)
		}
	}
	return nil
}
