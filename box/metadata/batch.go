package metadata

import (
	"net/http"

	dtocommon "github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/common"
)

// addEach answers each item of a body by itself, and stores in one change all
// that can be. add stores one and returns the ids of its request and of the
// record; with an error it has stored nothing.
func addEach[R any](s *Server, w http.ResponseWriter, r *http.Request, add func(*tables, R) (requestID, id string, err error)) (int, any, error) {
	items, err := readItems[R](w, r)
	if err != nil {
		return 0, nil, err
	}
	out := make([]dtocommon.BaseWithIdResponse, len(items))
	err = s.change(func(t *tables) error {
		for i, item := range items {
			out[i] = added(add(t, item))
		}
		return nil
	})
	return http.StatusMultiStatus, out, err
}

// added is the element of a 207 answer for a record that was to be stored.
func added(requestID, id string, err error) dtocommon.BaseWithIdResponse {
	if err != nil {
		return dtocommon.NewBaseWithIdResponse(requestID, err.Error(), statusOf(err), "")
	}
	return dtocommon.NewBaseWithIdResponse(requestID, "", http.StatusCreated, id)
}

// changeEach answers each item of a body by itself, and changes in one change
// all that can be. alter changes one and returns the id of its request; with an
// error it has changed nothing.
func changeEach[R any](s *Server, w http.ResponseWriter, r *http.Request, alter func(*tables, R) (requestID string, err error)) (int, any, error) {
	items, err := readItems[R](w, r)
	if err != nil {
		return 0, nil, err
	}
	out := make([]dtocommon.BaseResponse, len(items))
	err = s.change(func(t *tables) error {
		for i, item := range items {
			out[i] = changed(alter(t, item))
		}
		return nil
	})
	return http.StatusMultiStatus, out, err
}

// changed is the element of a 207 answer for a record that was to be changed.
func changed(requestID string, err error) dtocommon.BaseResponse {
	if err != nil {
		return dtocommon.NewBaseResponse(requestID, err.Error(), statusOf(err))
	}
	return dtocommon.NewBaseResponse(requestID, "", http.StatusOK)
}
