package api

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// maxBatch bounds the requests in a batch, maxAnswers the bytes that they are
// answered, which are kept until the last one.
const (
	maxBatch   = 1000
	maxAnswers = 64 << 20
)

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
		answers, room := make([]batchAnswer, len(in)), maxAnswers
		for i, b := range in {
			answers[i] = b.run(next, r, room)
			room -= len(answers[i].Response)
		}
		writeJSON(w, http.StatusOK, answers)
		return nil
	}))
}

// run answers with at most room bytes.
func (b batchRequest) run(h http.Handler, r *http.Request, room int) batchAnswer {
	req, err := b.request(r)
	if err != nil {
		return batchAnswer{Code: http.StatusBadRequest, Error: err.Error()}
	}
	out := &recorder{header: http.Header{}, status: http.StatusOK, room: room}
	h.ServeHTTP(out, req)
	if out.full {
		return batchAnswer{Code: http.StatusRequestEntityTooLarge,
			Error: fmt.Sprintf("the answers of the batch are larger than %d bytes; send this request by itself", maxAnswers)}
	}
	return batchAnswer{Code: out.status, Response: strings.TrimSuffix(out.body.String(), "\n")}
}

func (b batchRequest) request(r *http.Request) (*http.Request, error) {
	if !strings.HasPrefix(b.Path, "/") {
		return nil, fmt.Errorf("path %q must begin with /", b.Path)
	}
	req, err := http.NewRequestWithContext(r.Context(), strings.ToUpper(b.Method), b.Path, strings.NewReader(b.Body))
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(req.URL.Path, "/batch/") { // however it is spelled
		return nil, errors.New("a batch in a batch is not possible")
	}
	return req, nil
}

// recorder is an answer that is kept.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
	room   int // for the body
	full   bool
}

var errFull = errors.New("the answers of the batch are full")

// Header are the headers of the answer.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader notes the status.
func (r *recorder) WriteHeader(status int) { r.status = status }

// Write keeps the text, when there is room for it.
func (r *recorder) Write(p []byte) (int, error) {
	if r.full = r.full || r.body.Len()+len(p) > r.room; r.full {
		return 0, errFull
	}
	return r.body.Write(p)
}
