package exec

import (
	"fmt"
	"time"

	"sluice/sqlengine/plan"
)

// earliestTime and latestTime bound the times of rows and that of the host, to
// the years 1897 to 2115, so that the ends of windows, which are no longer than
// plan.LongestWindow, do not overflow.
const (
	earliestTime = -plan.LongestWindow
	latestTime   = 2 * plan.LongestWindow
)

func inRange(t int64) bool { return earliestTime <= t && t <= latestTime }

// timely tells whether an operator that counts with times can take a row of
// that time; otherwise the row fails.
func (s *stage) timely(t int64) bool {
	if inRange(t) {
		return true
	}
	s.fail(fmt.Errorf("a row of the time %s: times lie between %s and %s", utc(t), utc(earliestTime), utc(latestTime)))
	return false
}

func utc(t int64) string { return time.Unix(0, t).UTC().Format(time.RFC3339) }

// checkStart refuses a start that rows could not have.
func checkStart(start time.Time) error {
	if start.Before(time.Unix(0, earliestTime)) || start.After(time.Unix(0, latestTime)) {
		return fmt.Errorf("the start of the rule, %s, does not lie between %s and %s", start.UTC().Format(time.RFC3339), utc(earliestTime), utc(latestTime))
	}
	return nil
}
