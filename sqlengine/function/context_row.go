package function

import (
	"time"

	"sluice/sqlengine/value"
)

// ofContext declares a function without arguments.
func ofContext(name, summary string, result value.Kind, f func(*Context) value.Value, examples ...Example) *Scalar {
	return &Scalar{
		Name: name, Section: context, Summary: summary, Volatile: true, Examples: examples,
		Overloads: []Overload{{
			Result: result,
			Call:   func(c *Context, _ []value.Value) (value.Value, error) { return f(c), nil },
		}},
	}
}

func milliseconds(ns int64) value.Value { return value.OfInt(ns / int64(time.Millisecond)) }

// ofWindow declares a function of the window that is being emitted.
func ofWindow(name, summary string, f func(*Window) int64, want string) *Scalar {
	return ofContext(name, summary, value.Int, func(c *Context) value.Value {
		if c.Window == nil {
			return value.Value{}
		}
		return milliseconds(f(c.Window))
	}, Example{name + `()`, want})
}

var (
	eventTime = ofContext("event_time", "The timestamp of the row in milliseconds: event time, else arrival; of a window its end.", value.Int,
		func(c *Context) value.Value { return milliseconds(c.RowTime) }, Example{`event_time()`, `1709210096000`})
	windowStart = ofWindow("window_start", "The start of the window in milliseconds; NULL without a window.",
		func(w *Window) int64 { return w.Start }, `1709210090000`)
	windowEnd = ofWindow("window_end", "The end of the window in milliseconds; NULL without a window.",
		func(w *Window) int64 { return w.End }, `1709210100000`)
	windowTrigger = ofWindow("window_trigger", "The time in milliseconds at which the window was emitted; NULL without a window.",
		func(w *Window) int64 { return w.Trigger }, `1709210100000`)
	ruleID = ofContext("rule_id", "The id of the rule.", value.String,
		func(c *Context) value.Value { return value.OfString(c.RuleID) }, Example{`rule_id()`, `"rule1"`})
	ruleStart = ofContext("rule_start", "The time in milliseconds at which this run of the rule started.", value.Int,
		func(c *Context) value.Value { return milliseconds(c.RuleStart) }, Example{`rule_start()`, `1709210000000`})
)
