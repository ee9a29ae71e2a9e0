//go:build race

package delivery

import "time"

// longOutage is minutes where each message costs five times as much: a data race
// shows in them, too.
const longOutage = 10 * time.Minute
