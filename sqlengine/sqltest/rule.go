package sqltest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

// rule is what a case needs of the JSON of a rule: its query, and the options
// that change what the query yields. Everything else, actions above all, is
// for the service.
type rule struct {
	ID, SQL string
	Options struct {
		SendNilField, IsEventTime  bool
		SendMetaToSink             bool
		LateTolerance, IdleTimeout span
		Params                     map[string]json.RawMessage
		PlanOptimizeStrategy       struct {
			WindowOption struct {
				WindowVersion                string
				EnableSendSlidingWindowTwice bool
			}
		}
	}
}

// span is a time as rules have it: milliseconds, or text such as "10s". An
// empty text, and null, are as if nothing stood there.
type span struct {
	set bool
	d   time.Duration
}

// UnmarshalJSON reads both forms.
func (s *span) UnmarshalJSON(data []byte) error {
	text := string(data)
	if ms, err := strconv.ParseFloat(text, 64); err == nil && ms >= 0 && ms < float64(math.MaxInt64/int64(time.Millisecond)) {
		*s = span{true, time.Duration(ms * float64(time.Millisecond))}
		return nil
	}
	if json.Unmarshal(data, &text) == nil {
		if text == "" || text == "null" {
			return nil
		}
		if d, err := time.ParseDuration(text); err == nil && d >= 0 {
			*s = span{true, d}
			return nil
		}
	}
	return fmt.Errorf("%s is no time: milliseconds or a text such as \"10s\" are wanted", data)
}

func parseRule(src source) (*rule, error) {
	var r rule
	if err := json.Unmarshal([]byte(src.text), &r); err != nil {
		return nil, src.wrap(jsonOffset(err), fmt.Errorf("rule: %w", err))
	}
	if r.SQL == "" {
		return nil, src.wrap(0, errors.New("the rule has no sql"))
	}
	return &r, nil
}

// jsonOffset is where encoding/json met an error, 0 when it does not say.
func jsonOffset(err error) int {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return int(syntax.Offset)
	case errors.As(err, &kind):
		return int(kind.Offset)
	}
	return 0
}

// apply puts the options of the rule in place.
func (r *rule) apply(o *options) (err error) {
	window := r.Options.PlanOptimizeStrategy.WindowOption
	o.SendMeta = r.Options.SendMetaToSink
	o.SendNil, o.EventTime, o.SendTwice = r.Options.SendNilField, r.Options.IsEventTime, window.EnableSendSlidingWindowTwice
	if s := r.Options.LateTolerance; s.set {
		o.LateTolerance = s.d
	}
	o.IdleTimeout = r.Options.IdleTimeout.d
	for name, text := range r.Options.Params {
		if _, o.Params[name], err = parseValue("param", name+" "+string(text)); err != nil {
			return err
		}
	}
	o.SlidingVersion2, err = windowVersion(window.WindowVersion)
	return err
}
