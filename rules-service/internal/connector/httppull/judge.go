package httppull

import (
	"errors"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
	"sluice/sqlengine/value"
)

// response is an answer for conditions.
func (r *Request) response(a *httpclient.Answer) connector.Response {
	out := connector.Response{Status: a.Status, Body: value.Missing}
	if r.ResponseType != "body" && len(r.Success)+len(r.RefreshOn) == 0 {
		return out // nobody looks at it
	}
	if v, err := codec.ParseJSON(a.Body); err == nil {
		out.Body = v
	}
	return out
}

// What is wrong with an answer, beside what it says itself.
var (
	errStatus    = errors.New("the status is none of success")
	errNoCode    = errors.New("the answer has no code")
	errCondition = errors.New("the answer does not meet the conditions of success")
)

// judge tells success from failure.
func (r *Request) judge(a connector.Response) error {
	code := a.Status
	if r.ResponseType == "body" && code/100 == 2 {
		var ok bool
		if code, ok = a.Code(); !ok {
			return errNoCode
		}
	}
	byStatus := false
	for _, c := range r.Success {
		byStatus = byStatus || len(c.Status) > 0
	}
	switch {
	case code/100 != 2 && !byStatus:
		return errStatus
	case !a.MeetsAll(r.Success):
		return errCondition
	}
	return nil
}

// rowsOf are the rows of an answer: an object, or an array of objects.
func rowsOf(body []byte) ([]*value.Fields, error) {
	v, err := codec.ParseJSON(body)
	if err != nil {
		return nil, err
	}
	list := []value.Value{v}
	if v.Kind() == value.List {
		list = v.List()
	}
	rows := make([]*value.Fields, len(list))
	for i, e := range list {
		if e.Kind() != value.Object {
			return nil, errors.New("it is neither an object nor an array of objects")
		}
		rows[i] = e.Object()
	}
	return rows, nil
}
