package opcua

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"sluice/device-service/internal/driver"
)

const (
	mostBody    = 1 << 20
	nodesOfPage = 1000
)

func (b *browser) routes() []driver.Route {
	return []driver.Route{
		{Method: http.MethodPost, Path: "opcua/browse", Handler: b.startRoute},
		{Method: http.MethodGet, Path: "opcua/browse/{id}", Handler: b.statusRoute},
		{Method: http.MethodGet, Path: "opcua/browse/{id}/nodes", Handler: b.nodesRoute},
		{Method: http.MethodDelete, Path: "opcua/browse/{id}", Handler: b.dropRoute},
	}
}

// startRoute takes a BrowseRequest and answers with the status of what has begun.
func (b *browser) startRoute(w http.ResponseWriter, r *http.Request) {
	var request BrowseRequest
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostBody))
	body.DisallowUnknownFields()
	if err := body.Decode(&request); err != nil {
		refuse(w, http.StatusBadRequest, fmt.Errorf("the body is not as it should be: %w", err))
		return
	}
	status, err := b.start(request)
	switch {
	case errors.Is(err, errTooManyBrowses):
		refuse(w, http.StatusTooManyRequests, err)
	case errors.Is(err, driver.ErrUnknownDevice):
		refuse(w, http.StatusNotFound, err)
	case err != nil:
		refuse(w, http.StatusBadRequest, err)
	default:
		answer(w, http.StatusAccepted, status)
	}
}

// statusRoute answers with how far a browse has come.
func (b *browser) statusRoute(w http.ResponseWriter, r *http.Request) {
	job, err := b.find(r.PathValue("id"))
	if err != nil {
		refuse(w, http.StatusNotFound, err)
		return
	}
	answer(w, http.StatusOK, job.state.now())
}

// nodesRoute answers with what was found, a page at a time: offset and limit.
func (b *browser) nodesRoute(w http.ResponseWriter, r *http.Request) {
	job, err := b.find(r.PathValue("id"))
	if err != nil {
		refuse(w, http.StatusNotFound, err)
		return
	}
	offset, err := count(r, "offset", 0)
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	limit, err := count(r, "limit", nodesOfPage)
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	nodes, total := job.state.result(offset, min(limit, nodesOfPage))
	if total < 0 {
		refuse(w, http.StatusConflict, fmt.Errorf("the browse is %s", job.state.now().State))
		return
	}
	answer(w, http.StatusOK, map[string]any{"totalCount": total, "nodes": nodes})
}

// dropRoute cancels a browse, or forgets one that has ended.
func (b *browser) dropRoute(w http.ResponseWriter, r *http.Request) {
	if err := b.drop(r.PathValue("id")); err != nil {
		refuse(w, http.StatusNotFound, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// count is a number of the query.
func count(r *http.Request, name string, def int) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return def, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s %q is not a number from 0 on", name, text)
	}
	return n, nil
}
