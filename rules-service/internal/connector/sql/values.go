package sql

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"sluice/rules-service/internal/codec"
	"sluice/sqlengine/value"
)

// native is a value as most drivers take it.
func native(v value.Value) any {
	switch v.Kind() {
	case value.Time:
		return time.Unix(0, v.Time()).UTC()
	case value.List, value.Object:
		return jsonText(v)
	}
	return codec.ToGo(v)
}

const dateTimeLayout = "2006-01-02 15:04:05.999999999"

// dateTime is a time as most databases write it.
func dateTime(ns int64) string { return time.Unix(0, ns).UTC().Format(dateTimeLayout) }

// ofDriver is a value that a driver has read. A time without a zone is one of
// UTC.
func ofDriver(x any) value.Value {
	switch t := x.(type) {
	case nil:
		return value.Value{}
	case float32: // with its digits, not those of the nearest float64
		f, _ := strconv.ParseFloat(strconv.FormatFloat(float64(t), 'g', -1, 32), 64)
		return value.OfFloat(f)
	case bool, int64, uint64, float64, string, []byte, time.Time:
		return codec.FromGo(t)
	}
	return value.OfString(fmt.Sprint(x))
}

// whole is a number of JSON, as BIGINT where it is one.
func whole(f float64) value.Value {
	if n := int64(f); math.Abs(f) <= 1<<53 && float64(n) == f {
		return value.OfInt(n)
	}
	return value.OfFloat(f)
}
