package function

import (
	"time"

	"sluice/sqlengine/value"
)

// ofTime declares a function of one time, as it is shown.
func ofTime(name, summary string, result value.Kind, f func(time.Time) value.Value, examples ...Example) *Scalar {
	return &Scalar{
		Name: name, Section: times, Summary: summary, Examples: examples,
		Overloads: []Overload{{
			Params: []Param{Time}, Result: result,
			Call: func(c *Context, args []value.Value) (value.Value, error) { return f(at(c, args[0])), nil },
		}},
	}
}

// timePart declares a function that takes a number out of a time.
func timePart(name, summary string, f func(time.Time) int, examples ...Example) *Scalar {
	return ofTime(name, summary, value.Int, func(t time.Time) value.Value { return value.OfInt(int64(f(t))) }, examples...)
}

var (
	year      = timePart("year", "The year.", time.Time.Year, Example{`year("2024-01-31 08:00:00")`, `2024`})
	quarter   = timePart("quarter", "The quarter of the year, 1 to 4.", func(t time.Time) int { return (int(t.Month()) + 2) / 3 }, Example{`quarter("2024-04-01")`, `2`})
	month     = timePart("month", "The month, 1 to 12.", func(t time.Time) int { return int(t.Month()) }, Example{`month("2019-01-01 01:23:45")`, `1`})
	day       = timePart("day", "The day of the month, 1 to 31.", time.Time.Day, Example{`day("2019-01-05")`, `5`}, Example{`day_of_month(86400000)`, `2`}).or("day_of_month")
	dayOfWeek = timePart("day_of_week", "The day of the week: 0 is Sunday, 6 is Saturday.", func(t time.Time) int { return int(t.Weekday()) }, Example{`day_of_week("2019-01-01")`, `2`})
	dayOfYear = timePart("day_of_year", "The day of the year, from 1.", time.Time.YearDay, Example{`day_of_year("2019-02-01")`, `32`})
	hour      = timePart("hour", "The hour, 0 to 23.", time.Time.Hour, Example{`hour("2019-01-01 23:23:45")`, `23`}, Example{`hour("2019-01-01T23:00:00+01:00")`, `22`})
	minute    = timePart("minute", "The minute, 0 to 59.", time.Time.Minute, Example{`minute("2019-01-01 01:23:45")`, `23`})
	second    = timePart("second", "The second, 0 to 59.", time.Time.Second, Example{`second("2019-01-01 01:23:45")`, `45`})
	micros    = timePart("microsecond", "The microsecond within the second.", func(t time.Time) int { return t.Nanosecond() / 1000 }, Example{`microsecond("2019-01-01 01:00:00.123456")`, `123456`})
	toSeconds = ofTime("to_seconds", "The seconds since 1970.", value.Int, func(t time.Time) value.Value { return value.OfInt(t.Unix()) }, Example{`to_seconds("1970-01-01 00:01:40")`, `100`})
	dayName   = ofTime("day_name", "The English name of the day of the week.", value.String, func(t time.Time) value.Value { return value.OfString(t.Weekday().String()) }, Example{`day_name("2024-01-31")`, `"Wednesday"`}, Example{`day_name("soon")`, `error`}, Example{`day_name(NULL)`, `null`})
	monthName = ofTime("month_name", "The English name of the month.", value.String, func(t time.Time) value.Value { return value.OfString(t.Month().String()) }, Example{`month_name("2024-01-31")`, `"January"`})
	lastDay   = ofTime("last_day", "The last day of the month as yyyy-MM-dd.", value.String, func(t time.Time) value.Value {
		return value.OfString(time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, t.Location()).Format(time.DateOnly))
	}, Example{`last_day("2024-02-10")`, `"2024-02-29"`})
)
