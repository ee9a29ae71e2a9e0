package function

import (
	"fmt"
	"sync/atomic"
	"time"

	"sluice/sqlengine/value"
)

var convertTZ = &Scalar{
	Name: "convert_tz", Section: times,
	Summary: `The same moment, shown in a time zone such as "Europe/Berlin": it prints with its offset, and functions of times see it in that zone.`,
	Overloads: []Overload{{
		Params: []Param{Time, String}, Result: value.Time,
		Prepare: prepareZone,
	}},
	Examples: []Example{
		{`convert_tz("2024-01-31 08:00:00", "Asia/Shanghai")`, `"2024-01-31T16:00:00+08:00"`}, {`convert_tz(0, "UTC")`, `"1970-01-01T00:00:00Z"`},
		{`hour(convert_tz("2024-07-01 08:00:00", "Europe/Berlin"))`, `10`}, {`format_time(convert_tz(0, "America/New_York"), "yyyy-MM-dd HH:mm Z")`, `"1969-12-31 19:00 -0500"`},
		{`convert_tz(0, "Berlin")`, `error`},
	},
}

// prepareZone finds a literal zone once. A zone of a column is looked up where
// it is another than that of the row before: finding one may read a file.
func prepareZone(args []Arg) (Bound, error) {
	var last atomic.Pointer[time.Location]
	if name := args[1]; name.Literal && !name.Value.IsNull() {
		zone, err := findZone(name.Value.Str())
		if err != nil {
			return Bound{}, &BindError{Arg: 1, Msg: err.Error(), Hint: "Write it as in the IANA database, such as Europe/Berlin."}
		}
		last.Store(zone)
	}
	return Bound{Call: func(_ *Context, args []value.Value) (value.Value, error) {
		zone := last.Load()
		if name := args[1].Str(); zone == nil || zone.String() != name {
			var err error
			if zone, err = findZone(name); err != nil {
				return value.Value{}, err
			}
			last.Store(zone)
		}
		return value.OfTimeIn(args[0].Time(), zone), nil
	}}, nil
}

func findZone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("there is no time zone %q", name)
	}
	return zone, nil
}
