package connector

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Rate is a number of messages in a period; the zero value is no limit.
type Rate struct {
	Messages int
	Period   time.Duration
}

// mostInPeriod bounds what has to be remembered to hold a rate exactly.
const mostInPeriod = 10_000

// ParseRate reads a rate such as "20/1m", "5/s" or "1000/500ms"; "" is no limit.
func ParseRate(text string) (Rate, error) {
	if text == "" {
		return Rate{}, nil
	}
	number, per, found := strings.Cut(text, "/")
	n, err := strconv.Atoi(strings.TrimSpace(number))
	if !found || err != nil || n < 1 {
		return Rate{}, fmt.Errorf("%q is no rate such as \"20/1m\", 20 messages a minute", text)
	}
	if per = strings.TrimSpace(per); per != "" && (per[0] < '0' || per[0] > '9') {
		per = "1" + per
	}
	period, err := time.ParseDuration(per)
	if err != nil || period <= 0 {
		return Rate{}, fmt.Errorf("%q is no rate such as \"20/1m\": there is no period such as 1s, 1m or 1h behind the stroke", text)
	}
	if n > mostInPeriod {
		return Rate{}, fmt.Errorf("rate %q counts more than %d messages in a period; give a shorter period", text, mostInPeriod)
	}
	return Rate{n, period}, nil
}

// String writes the rate as ParseRate reads it.
func (r Rate) String() string {
	if r.Messages == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%s", r.Messages, r.Period)
}
