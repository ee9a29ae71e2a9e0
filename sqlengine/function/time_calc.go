package function

import (
	"fmt"
	"time"

	"sluice/sqlengine/value"
)

var dateCalc = &Scalar{
	Name: "date_calc", Section: times, Summary: `The time moved by a duration such as "1h30m" or "-24h", as yyyy-MM-dd HH:mm:ss.`,
	Overloads: []Overload{{
		Params: []Param{Time, String}, Result: value.String,
		Call: func(c *Context, args []value.Value) (value.Value, error) {
			d, err := parseDuration(args[1].Str())
			if err != nil {
				return value.Value{}, err
			}
			return value.OfString(at(c, args[0]).Add(d).Format(time.DateTime)), nil
		},
		Prepare: func(args []Arg) (Bound, error) {
			if d := args[1]; d.Literal && !d.Value.IsNull() {
				if _, err := parseDuration(d.Value.Str()); err != nil {
					return Bound{}, &BindError{Arg: 1, Msg: err.Error()}
				}
			}
			return Bound{}, nil
		},
	}},
	Examples: []Example{{`date_calc("2019-01-01 00:00:00", "-24h")`, `"2018-12-31 00:00:00"`}, {`date_calc("2019-01-01", "1 day")`, `error`}},
}

func parseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf(`%q is no duration such as "1h30m"`, s)
	}
	return d, nil
}

var dateDiff = &Scalar{
	Name: "date_diff", Section: times, Summary: "The time from the first to the second, in nanoseconds.",
	Overloads: []Overload{{
		Params: []Param{Time, Time}, Result: value.Int,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			a, b := args[0].Time(), args[1].Time()
			d := b - a
			if (a < 0) != (b < 0) && (d < 0) != (b < 0) {
				return value.Value{}, errOverflow
			}
			return value.OfInt(d), nil
		},
	}},
	Examples: []Example{
		{`date_diff("2019-01-01", "2019-01-02")`, `86400000000000`}, {`date_diff("2019-01-02", "2019-01-01")`, `-86400000000000`},
		{`date_diff("1700-01-01", "2200-01-01")`, `error`},
	},
}

// lastYear is the last day, as days since 1970, whose year has four digits.
const lastYear = 2932896

var fromDays = &Scalar{
	Name: "from_days", Section: times, Summary: "The date yyyy-MM-dd of a day counted from 1970-01-01, which is day 1; 0 is NULL.",
	Overloads: []Overload{{
		Params: []Param{Int}, Result: value.String,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			n := args[0].Int()
			switch {
			case n == 0:
				return value.Value{}, nil
			case n > lastYear || n < -lastYear:
				return value.Value{}, errRange
			}
			return value.OfString(time.Unix((n-1)*24*60*60, 0).UTC().Format(time.DateOnly)), nil
		},
	}},
	Examples: []Example{{`from_days(1)`, `"1970-01-01"`}, {`from_days(100)`, `"1970-04-10"`}, {`from_days(0)`, `null`}},
}

var fromUnixTime = &Scalar{
	Name: "from_unix_time", Section: times, Summary: "The time that is so many seconds after 1970 began, as yyyy-MM-dd HH:mm:ss; 0 is NULL.",
	Overloads: []Overload{{
		Params: []Param{Int}, Result: value.String,
		Call: func(c *Context, args []value.Value) (value.Value, error) {
			s := args[0].Int()
			switch {
			case s == 0:
				return value.Value{}, nil
			case s > lastYear*24*60*60 || s < -lastYear*24*60*60:
				return value.Value{}, errRange
			}
			return value.OfString(time.Unix(s, 0).In(c.location()).Format(time.DateTime)), nil
		},
	}},
	Examples: []Example{{`from_unix_time(100)`, `"1970-01-01 00:01:40"`}, {`from_unix_time(1e15)`, `error`}},
}
