package delivery

import "testing"

// No pause is longer than is documented, and none is nothing.
func TestPauses(t *testing.T) {
	for attempt := range 100 {
		if p := pause(attempt); p < firstPause/2 || p > longPause {
			t.Errorf("attempt %d: %v", attempt, p)
		}
	}
}
