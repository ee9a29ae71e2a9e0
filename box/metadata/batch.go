package metadata

import (
	"net/http"

	dtocommon "github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/common"
)

// addEach answers each item of a body by itself. add stores one and returns
// the ids of its request and of the record.
func addEach[R any](w http.ResponseWriter, r *http.Request, add func(R) (requestID, id string, err error)) (int, any, error) {
	items, err := readItems[R](w, r)
	if err != nil {
		return 0, nil, err
	}
	out := []dtocommon.BaseWithIdResponse{}
	for _, item := range items {
		out = append(out, added(add(item)))
	}
	return http.StatusMultiStatus, out, nil
}

// added is the element of a 207 answer for a record that was to be stored.
func added(requestID, id string, err error) dtocommon.BaseWithIdResponse {
	if err != nil {
		return dtocommon.NewBaseWithIdResponse(requestID, err.Error(), statusOf(err), "")
	}
	return dtocommon.NewBaseWithIdResponse(requestID, "", http.StatusCreated, id)
}

// changeEach answers each item of a body by itself. change returns the id of
// its request.
func changeEach[R any](w http.ResponseWriter, r *http.Request, change func(R) (requestID string, err error)) (int, any, error) {
	items, err := readItems[R](w, r)
	if err != nil {
		return 0, nil, err
	}
	out := []dtocommon.BaseResponse{}
	for _, item := range items {
		requestID, err := change(item)
		answer := dtocommon.NewBaseResponse(requestID, "", http.StatusOK)
		if err != nil {
			answer = dtocommon.NewBaseResponse(requestID, err.Error(), statusOf(err))
		}
		out = append(out, answer)
	}
	return http.StatusMultiStatus, out, nil
}
