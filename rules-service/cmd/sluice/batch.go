package main

import (
	"fmt"
	"net/http"
)

// batched is the answer to one of several requests in one.
type batched struct {
	Code            int
	Response, Error string
}

// batch makes a GET request for each name, all in one call.
func (s *session) batch(names []string, path func(name string) string) ([]batched, error) {
	type request struct {
		Method string `json:"method"`
		Path   string `json:"path"`
		Body   string `json:"body"`
	}
	requests := make([]request, len(names))
	for i, name := range names {
		requests[i] = request{http.MethodGet, path(name), ""}
	}
	var answers []batched
	if _, err := s.api.exchange(s.ctx, http.MethodPost, "/batch/req", requests, &answers); err != nil {
		return nil, err
	}
	if len(answers) != len(names) {
		return nil, fmt.Errorf("%d requests in one got %d answers", len(names), len(answers))
	}
	return answers, nil
}
