package opcua

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/gopcua/opcua/ua"
)

// Times arrive as they were sent, although the library counts them wrongly.
func TestTimes(t *testing.T) {
	const year = 315569520000000 // in ticks, the leap years spread
	for _, c := range []struct {
		ticks uint64
		want  string
	}{
		{1, "1601-01-01T00:00:00.0000001Z"}, {epoch1970 - 1, "1969-12-31T23:59:59.9999999Z"}, {epoch1970, "1970-01-01T00:00:00Z"},
		{134170992000000000, "2026-03-04T12:00:00Z"}, {2650467743999999999, "9999-12-31T23:59:59Z"}, {2650467743990000000, "9999-12-31T23:59:59Z"},
		{epoch1970 + 430*year, "2400-01-01T06:36:00Z"}, {math.MaxInt64, "9999-12-31T23:59:59Z"},
	} {
		sent := binary.LittleEndian.AppendUint64(nil, c.ticks)
		if got := timeText(ua.NewBuffer(sent).ReadTime()); got != c.want {
			t.Errorf("%d is %s, want %s", c.ticks, got, c.want)
		}
	}
}
