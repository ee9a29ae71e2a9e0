package opcua

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gopcua/opcua/ua"
)

const (
	codeMask     = 0xFFFF0000 // the rest of a status are flags
	severityMask = 0xC0000000
	uncertain    = 0x40000000
)

var errNoAnswer = errors.New("no answer in time")

// statusError is a status code that a server gave instead of a value.
type statusError struct{ code ua.StatusCode }

func (e statusError) Error() string {
	return fmt.Sprintf("server says %s (0x%08X)", statusName(e.code), uint32(e.code))
}

// Unwrap gives the library's value, without flags, for errors.Is.
func (e statusError) Unwrap() error { return e.code & codeMask }

// statusName is the name of a code in the specification, such as
// BadNodeIDUnknown.
func statusName(code ua.StatusCode) string {
	if d, ok := ua.StatusCodes[code&codeMask]; ok {
		return strings.TrimPrefix(d.Name, "Status")
	}
	switch code & severityMask {
	case 0:
		return "Good"
	case uncertain:
		return "Uncertain"
	}
	return "Bad"
}

// isBad tells that there is no value to use.
func isBad(code ua.StatusCode) bool { return code&severityMask > uncertain }

// isPlainlyGood tells that there is nothing to say about a value.
func isPlainlyGood(code ua.StatusCode) bool { return code&codeMask == 0 }

// named says in short what an error of the library means.
func named(err error) error {
	var code ua.StatusCode
	isStatus := errors.As(err, &code)
	switch {
	case errors.Is(err, io.EOF):
		return errors.New("the server closed the connection")
	case isStatus && code == ua.StatusBadTimeout: // the library's own, mostly
		return errNoAnswer
	case isStatus:
		return statusError{code}
	}
	return err
}
