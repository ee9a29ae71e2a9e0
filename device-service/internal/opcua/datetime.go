package opcua

import "time"

// endOfTime is the last moment that RFC 3339 can write. OPC UA has a number that
// stands for all that is later.
var endOfTime = time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC)

const (
	// epoch1970 is 1970 in ticks of 100 ns since 1601, by which OPC UA counts.
	epoch1970 = 116444736000000000
	// inverse25 times 25 is 1 modulo 2^64.
	inverse25 = 0x8F5C28F5C28F5C29
	ticksMask = 1<<62 - 1
	perSecond = 10_000_000
)

// mended is a time as the server sent it. The library multiplies ticks by 100 in
// 64 bits, which wraps around after 2262: a certificate "without end" in 9999
// would be in 1816. The product still tells the ticks modulo 2^62, which is more
// than there are up to the year 9999.
func mended(t time.Time) time.Time {
	product := uint64(t.UnixNano())
	if t.IsZero() || product%4 != 0 {
		return t
	}
	ticks := int64(product / 4 * inverse25 & ticksMask)
	if ticks > ticksMask-epoch1970 {
		ticks -= ticksMask + 1 // before 1970
	}
	told := time.Unix(ticks/perSecond, ticks%perSecond*100).UTC()
	if told.After(endOfTime) {
		return endOfTime
	}
	return told
}

func timeText(t time.Time) string { return mended(t).Format(time.RFC3339Nano) }
