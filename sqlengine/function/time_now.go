package function

import (
	"fmt"
	"strings"
	"time"

	"sluice/sqlengine/value"
)

var (
	now = clock("now", "The time now as yyyy-MM-dd HH:mm:ss, with so many digits of the fraction, 0 to 6.", time.DateTime,
		Example{`now()`, `"2024-02-29 12:34:56"`}, Example{`now(3)`, `"2024-02-29 12:34:56.789"`}, Example{`local_time(7)`, `error`},
	).or("current_timestamp", "local_time", "local_timestamp")
	curTime = clock("cur_time", "The time of day now as HH:mm:ss, with so many digits of the fraction, 0 to 6.", time.TimeOnly,
		Example{`cur_time()`, `"12:34:56"`}, Example{`current_time(2)`, `"12:34:56.78"`}).or("current_time")
)

// clock declares a function that shows the host's clock.
func clock(name, summary, layout string, examples ...Example) *Scalar {
	return &Scalar{
		Name: name, Section: times, Summary: summary, Volatile: true, Examples: examples,
		Overloads: []Overload{{
			Params: []Param{Int}, Optional: 1, Result: value.String,
			Call: func(c *Context, args []value.Value) (value.Value, error) {
				fraction := ""
				if len(args) == 1 {
					n := args[0].Int()
					if n < 0 || n > 6 {
						return value.Value{}, fmt.Errorf("a second is shown with 0 to 6 digits of its fraction, not %d", n)
					}
					fraction = strings.Repeat("0", int(n))
				}
				if fraction != "" {
					fraction = "." + fraction
				}
				return value.OfString(c.Now().In(c.location()).Format(layout + fraction)), nil
			},
		}},
	}
}

var curDate = &Scalar{
	Name: "cur_date", Aliases: []string{"current_date"}, Section: times, Summary: "The date today as yyyy-MM-dd.", Volatile: true,
	Overloads: []Overload{{
		Result: value.String,
		Call: func(c *Context, _ []value.Value) (value.Value, error) {
			return value.OfString(c.Now().In(c.location()).Format(time.DateOnly)), nil
		},
	}},
	Examples: []Example{{`cur_date()`, `"2024-02-29"`}},
}

var tstamp = &Scalar{
	Name: "tstamp", Section: times, Summary: "The time now in milliseconds since 1970.", Volatile: true,
	Overloads: []Overload{{
		Result: value.Int,
		Call: func(c *Context, _ []value.Value) (value.Value, error) {
			return value.OfInt(c.Now().UnixMilli()), nil
		},
	}},
	Examples: []Example{{`tstamp()`, `1709210096789`}},
}
