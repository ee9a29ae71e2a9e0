package connector

import "context"

// Suspender is a Source whose transport keeps what comes while the service is
// away.
type Suspender interface {
	// Suspend is Close that leaves the transport waiting for the next Connect:
	// the service ends, but not what reads the source.
	Suspend(context.Context) error
}
