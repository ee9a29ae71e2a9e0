package sqltest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// options are how a case is run: what its rule says, and the world around it.
type options struct {
	sqlengine.Options
	start time.Time
	zone  *time.Location
	whole bool                   // undeclared whole numbers are BIGINT
	props map[string]string      // what props() reads
	state map[string]value.Value // what get_keyed_state() reads
}

// defaultOptions are those of a rule that says nothing.
func defaultOptions() options {
	return options{
		Options: sqlengine.Options{LateTolerance: sqlengine.DefaultLateTolerance, Params: map[string]value.Value{}},
		start:   time.Unix(0, 0), zone: time.UTC, props: map[string]string{}, state: map[string]value.Value{},
	}
}

// optionLines are the lines of the section, by their first word.
var optionLines = map[string]func(o *options, arg string) error{
	"start": func(o *options, arg string) (err error) {
		o.start, err = time.Parse(time.RFC3339, arg)
		return err
	},
	"zone": func(o *options, arg string) (err error) {
		o.zone, err = time.LoadLocation(arg)
		return err
	},
	"int64":            func(o *options, arg string) error { return on(&o.whole, arg) },
	"sendNil":          func(o *options, arg string) error { return on(&o.SendNil, arg) },
	"sendMeta":         func(o *options, arg string) error { return on(&o.SendMeta, arg) },
	"eventTime":        func(o *options, arg string) error { return on(&o.EventTime, arg) },
	"sendSlidingTwice": func(o *options, arg string) error { return on(&o.SendTwice, arg) },
	"lateTolerance":    func(o *options, arg string) error { return duration(&o.LateTolerance, arg) },
	"idleTimeout":      func(o *options, arg string) error { return duration(&o.IdleTimeout, arg) },
	"windowVersion": func(o *options, arg string) (err error) {
		o.SlidingVersion2, err = windowVersion(arg)
		return err
	},
	"param": func(o *options, arg string) error {
		name, v, err := parseValue("param", arg)
		o.Params[name] = v
		return err
	},
	"state": func(o *options, arg string) error {
		name, v, err := parseValue("state", arg)
		o.state[name] = v
		return err
	},
	"prop": func(o *options, arg string) error {
		name, text, ok := strings.Cut(arg, " ")
		if !ok {
			return errors.New("write prop NAME TEXT")
		}
		o.props[name] = text
		return nil
	},
}

func on(to *bool, arg string) error {
	if arg != "" {
		return fmt.Errorf("it stands alone, without %q", arg)
	}
	*to = true
	return nil
}

func duration(to *time.Duration, arg string) error {
	d, err := time.ParseDuration(arg)
	if err != nil || d < 0 {
		return fmt.Errorf("%q is no duration such as 2s or 500ms", arg)
	}
	*to = d
	return nil
}

func windowVersion(text string) (two bool, err error) {
	switch text {
	case "v1", "":
		return false, nil
	case "v2":
		return true, nil
	}
	return false, fmt.Errorf("windowVersion is v1 or v2, not %q", text)
}

// parseValue reads "threshold 20": a name and a JSON value.
func parseValue(word, arg string) (string, value.Value, error) {
	name, text, ok := strings.Cut(arg, " ")
	if !ok {
		return name, value.Value{}, fmt.Errorf("write %s NAME VALUE; the value is JSON, such as 20 or \"a\"", word)
	}
	x, err := oneValue(text)
	if err != nil {
		return name, value.Value{}, fmt.Errorf("%s: the value is no JSON: %w", name, err)
	}
	v, err := converter{whole: true}.free(x)
	if err != nil {
		return name, v, fmt.Errorf("%s%w", name, err)
	}
	return name, v, nil
}

func (o *options) parse(src source) error {
	for at, line := range src.lines() {
		word, arg, _ := strings.Cut(line, " ")
		set, ok := optionLines[word]
		if !ok {
			return src.wrap(at, unknown("option", word, slices.Sorted(maps.Keys(optionLines))))
		}
		if err := set(o, strings.TrimSpace(arg)); err != nil {
			return src.wrap(at, fmt.Errorf("option %s: %w", word, err))
		}
	}
	return nil
}
