package rest

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
	"sluice/sqlengine/value"
)

// answerOf reads an answer for conditions.
func answerOf(res *http.Response, body []byte) connector.Response {
	v, err := codec.ParseJSON(body)
	if err != nil {
		v = value.Missing
	}
	return connector.Response{Status: res.StatusCode, Body: v}
}

// refusesToken tells whether the answer is about the token, not the message.
func (c *Config) refusesToken(a connector.Response) bool {
	return c.OAuth.Wanted() && (a.Status == http.StatusUnauthorized || a.MeetsSome(c.RefreshOn))
}

// judge tells success from failure, and a failure for good from one that is
// worth another attempt: then after so long, if the server says so. failure is
// the answer as an error.
func (c *Config) judge(a connector.Response, failure error, after time.Duration) error {
	code := a.Status
	if c.ResponseType == "body" && code/100 == 2 {
		n, ok := a.Code()
		if !ok {
			return &connector.Permanent{Err: fmt.Errorf("the answer has no code: %w", failure)}
		}
		code = n
	}
	byStatus := slices.ContainsFunc(c.Success, func(s connector.Condition) bool { return len(s.Status) > 0 })
	if (code/100 == 2 || byStatus) && a.MeetsAll(c.Success) {
		return nil
	}
	switch {
	case a.MeetsSome(c.PermanentOn), !a.MeetsSome(c.RetryOn) && !c.passes(code):
		return &connector.Permanent{Err: failure}
	case after > 0:
		return &connector.RetryAfter{Err: failure, After: after}
	}
	return failure
}

// passes tells whether a failure of that code, which no condition classes, may
// pass by itself.
func (c *Config) passes(code int) bool {
	if code/100 == 2 { // only the conditions say that it failed
		return looks(c.PermanentOn) || !looks(c.RetryOn)
	}
	return httpclient.Passing(code)
}

// looks tells whether conditions look at the body of an answer.
func looks(conditions []connector.Condition) bool {
	return slices.ContainsFunc(conditions, func(c connector.Condition) bool { return c.Path != "" })
}
