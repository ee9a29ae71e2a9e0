//go:build !race

package delivery

import "time"

// longOutage is how long a target is away at the most.
const longOutage = 2 * time.Hour
