package hub

import "time"

// instant is a time in nanoseconds since 1970; 0: never. Thousands of streams
// keep some, and a time.Time is three times as large.
type instant int64

func instantOf(t time.Time) instant { return instant(t.UnixNano()) }

func (i instant) time() time.Time {
	if i == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(i))
}
