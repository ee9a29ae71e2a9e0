package connectortest

import (
	"errors"

	"sluice/rules-service/internal/connector"
)

// Class is what package delivery makes of an error of a sink: "" for none,
// "permanent", "after 1m0s" or "retry".
func Class(err error) string {
	var permanent *connector.Permanent
	var later *connector.RetryAfter
	switch {
	case err == nil:
		return ""
	case errors.As(err, &permanent):
		return "permanent"
	case errors.As(err, &later):
		return "after " + later.After.String()
	}
	return "retry"
}
