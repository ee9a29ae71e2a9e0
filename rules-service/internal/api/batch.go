package api

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// maxBatch bounds the requests in a batch.
const maxBatch = 1000

// batchRequest is one request of a batch.
type batchRequest struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Body   string `json:"body"`
}

// batchAnswer is what a request of a batch was answered.
type batchAnswer struct {
	Code     int    `json:"code"`
	Response string `json:"response"`
	Error    string `json:"error,omitempty"`
}

// routeBatch routes many requests in one; they go to the routes of mux in
// order.
func (a *API) routeBatch(mux *routes) {
	next := routed(mux)
	mux.Handle("POST /batch/req", handle(codeUndefined, func(w http.ResponseWriter, r *http.Request) error {
		var in []batchRequest
		if err := decode(r, &in, `[{"method": "GET", "path": "/streams", "body": ""}]`); err != nil {
			return err
		}
		if len(in) > maxBatch {
			return fmt.Errorf("the batch has %d requests; at most %d are taken at once", len(in), maxBatch)
		}
		answers := make([]batchAnswer, len(in))
		for i, b := range in {
			answers[i] = b.run(next, r)
		}
		writeJSON(w, http.StatusOK, answers)
		return nil
	}))
}

func (b batchRequest) run(h http.Handler, r *http.Request) batchAnswer {
	req, err := b.request(r)
	if err != nil {
		return batchAnswer{Code: http.StatusBadRequest, Error: err.Error()}
	}
	out := &recorder{header: http.Header{}, status: http.StatusOK}
	h.ServeHTTP(out, req)
	return batchAnswer{Code: out.status, Response: strings.TrimSuffix(out.body.String(), "\n")}
}

func (b batchRequest) request(r *http.Request) (*http.Request, error) {
	if !strings.HasPrefix(b.Path, "/") {
		return nil, fmt.Errorf("path %q must begin with /", b.Path)
	}
	if strings.HasPrefix(b.Path, "/batch/") {
		return nil, errors.New("a batch in a batch is not possible")
	}
	return http.NewRequestWithContext(r.Context(), strings.ToUpper(b.Method), b.Path, strings.NewReader(b.Body))
}

// recorder is an answer that is kept.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header are the headers of the answer.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader notes the status.
func (r *recorder) WriteHeader(status int) { r.status = status }

// Write keeps the text.
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }
