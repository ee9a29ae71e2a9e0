package connector

import (
	"errors"
	"time"
)

// Web are the properties of a connection to an HTTP server, to be embedded.
type Web struct {
	Timeout time.Duration `prop:"timeout" doc:"Limit for a request and its answer."`
	Deny    []string      `prop:"denyAddresses" doc:"Addresses and networks such as 169.254.0.0/16 that no request goes to, also when a name or a redirect leads there."`
	TLS
}

// DefaultWeb is a Web with its defaults.
func DefaultWeb() Web { return Web{Timeout: 10 * time.Second} }

// Check says what is wrong with the properties.
func (w *Web) Check() error {
	if w.Timeout <= 0 {
		return errors.New(`property "timeout" must be positive`)
	}
	return nil
}
