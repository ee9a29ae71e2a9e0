package schedule

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MinInterval is the shortest interval of an auto-event.
const MinInterval = time.Millisecond

// ParseInterval reads the interval of an auto-event, such as "500ms", "10s" or "1h30m".
func ParseInterval(text string) (time.Duration, error) {
	trimmed := strings.TrimSpace(text)
	if trimmed == "" {
		return 0, errors.New(`interval is empty; write a number with its unit, such as "10s"`)
	}
	if _, err := strconv.ParseFloat(trimmed, 64); err == nil {
		return 0, fmt.Errorf("interval %q has no unit; write %q or %q", text, trimmed+"s", trimmed+"ms")
	}
	d, err := time.ParseDuration(trimmed)
	if err != nil {
		return 0, fmt.Errorf("interval %q is not a duration; write a number with ms, s, m or h, such as \"500ms\" or \"10s\"", text)
	}
	if d < MinInterval {
		return 0, fmt.Errorf("interval %q is too short; %v is the least", text, MinInterval)
	}
	return d, nil
}
