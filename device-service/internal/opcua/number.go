package opcua

import (
	"fmt"
	"math"
	"time"

	"github.com/gopcua/opcua/ua"
)

// mismatch is a value whose type cannot become the wanted one.
type mismatch struct {
	value any
	want  string
}

func (e mismatch) Error() string {
	return fmt.Sprintf("a value of type %s does not fit %s", typeName(e.value), e.want)
}

// outOfRange is a number that the wanted type cannot hold.
func outOfRange(value any, want string) error {
	return fmt.Errorf("%v is out of range of %s", value, want)
}

// whole brings every number to an int64, or to a uint64 beyond that.
func whole(value any, want string) (int64, uint64, error) {
	switch v := value.(type) {
	case int8:
		return int64(v), 0, nil
	case int16:
		return int64(v), 0, nil
	case int32:
		return int64(v), 0, nil
	case int64:
		return v, 0, nil
	case uint8:
		return int64(v), 0, nil
	case uint16:
		return int64(v), 0, nil
	case uint32:
		return int64(v), 0, nil
	case ua.StatusCode:
		return int64(v), 0, nil
	case uint64:
		if v > math.MaxInt64 {
			return 0, v, nil
		}
		return int64(v), 0, nil
	case float32:
		return wholeFloat(float64(v), want)
	case float64:
		return wholeFloat(v, want)
	case time.Time:
		if v.IsZero() {
			return 0, 0, errNoValue
		}
		return mended(v).UnixMilli(), 0, nil
	}
	return 0, 0, mismatch{value, want}
}

func wholeFloat(v float64, want string) (int64, uint64, error) {
	switch {
	case v != math.Trunc(v): // NaN too
		return 0, 0, fmt.Errorf("%v is not a whole number, which %s needs", v, want)
	case v >= -(1<<63) && v < 1<<63:
		return int64(v), 0, nil
	case v > 0 && v < 1<<64:
		return 0, uint64(v), nil
	}
	return 0, 0, outOfRange(v, want)
}

// signed converts a number to a type of so many bits.
func signed(value any, bits int, want string) (int64, error) {
	n, beyond, err := whole(value, want)
	if err != nil {
		return 0, err
	}
	shift := 64 - bits
	if beyond != 0 || n<<shift>>shift != n {
		return 0, outOfRange(value, want)
	}
	return n, nil
}

// unsigned converts a number to a type of so many bits.
func unsigned(value any, bits int, want string) (uint64, error) {
	n, beyond, err := whole(value, want)
	if err != nil {
		return 0, err
	}
	if beyond != 0 && bits == 64 {
		return beyond, nil
	}
	shift := 64 - bits
	if beyond != 0 || n < 0 || uint64(n)<<shift>>shift != uint64(n) {
		return 0, outOfRange(value, want)
	}
	return uint64(n), nil
}

// float converts a number; digits may be lost, magnitude is not.
func float(value any, want string) (float64, error) {
	switch v := value.(type) {
	case float32:
		return float64(v), nil
	case float64:
		return v, nil
	case time.Time:
		return 0, mismatch{value, want}
	}
	n, beyond, err := whole(value, want)
	if beyond != 0 {
		return float64(beyond), err
	}
	return float64(n), err
}

func float32Of(value any, want string) (float32, error) {
	v, err := float(value, want)
	if err != nil {
		return 0, err
	}
	if !math.IsInf(v, 0) && math.IsInf(float64(float32(v)), 0) {
		return 0, outOfRange(value, want)
	}
	return float32(v), nil
}
