package plan

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// streamOption is one key of WITH.
type streamOption struct {
	key string
	set func(o *Options, text string) error
}

// streamOptions are all keys, in the order of DESCRIBE.
var streamOptions = []streamOption{
	{"CONF_KEY", func(o *Options, s string) error { o.ConfKey = s; return nil }},
	{"DATASOURCE", func(o *Options, s string) error { o.Datasource = s; return nil }},
	{"FORMAT", func(o *Options, s string) error { o.Format = strings.ToLower(s); return nil }},
	{"SCHEMAID", func(o *Options, s string) error { o.SchemaID = s; return nil }},
	{"KEY", func(o *Options, s string) error { o.Key = s; return nil }},
	{"RETAIN_SIZE", func(o *Options, s string) error { return setSize(&o.RetainSize, s) }},
	{"SHARED", func(o *Options, s string) error { return setBool(&o.Shared, s) }},
	{"STRICT_VALIDATION", func(o *Options, s string) error { return setBool(&o.StrictValidation, s) }},
	{"TIMESTAMP", func(o *Options, s string) error { o.Timestamp = s; return nil }},
	{"TIMESTAMP_FORMAT", func(o *Options, s string) error { o.TimestampFormat = s; return nil }},
	{"TYPE", func(o *Options, s string) error { o.Type = s; return nil }},
	{"EXTRA", func(o *Options, s string) error { return setObject(&o.Extra, s) }},
	{"VERSION", func(o *Options, s string) error { o.Version = s; return nil }},
	{"KIND", func(o *Options, s string) error { return setKind(&o.Kind, s) }},
	{"DELIMITER", func(o *Options, s string) error { o.Delimiter = s; return nil }},
	{"TEMP", func(o *Options, s string) error { return setBool(&o.Temp, s) }},
}

func setBool(to *bool, s string) error {
	switch strings.ToLower(s) {
	case "true", "1":
		*to = true
	case "false", "0", "":
		*to = false
	default:
		return fmt.Errorf("must be true or false, not %q", s)
	}
	return nil
}

func setSize(to *int, s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return fmt.Errorf("must be a number of rows, not %q", s)
	}
	*to = n
	return nil
}

func setKind(to *string, s string) error {
	switch kind := strings.ToLower(s); kind {
	case "scan", "lookup":
		*to = kind
		return nil
	}
	return fmt.Errorf("must be scan or lookup, not %q", s)
}

func setObject(to *string, s string) error {
	var object map[string]any
	if err := json.Unmarshal([]byte(s), &object); err != nil && s != "" {
		return fmt.Errorf("must be a JSON object")
	}
	*to = s
	return nil
}

func (d *definition) options(s *syntax.Statement) Options {
	o := Options{Type: "mqtt", Format: "json"}
	if s.Table {
		o.Type, o.Kind = "file", "scan"
	}
	seen := map[string]bool{}
	for _, given := range s.Options {
		key := strings.ToUpper(given.Key.Name)
		opt, ok := findOption(key)
		if !ok {
			d.find(diag.UnknownOption, given.Key.Span, optionHint(key), fmt.Sprintf("unknown option %q", given.Key.Name))
			continue
		}
		if seen[key] {
			d.find(diag.Duplicate, given.Key.Span, "", "duplicate option "+key)
		}
		seen[key] = true
		if err := opt.set(&o, optionText(given.Value.Value)); err != nil {
			d.find(diag.BadOption, given.Value.Span, "", key+" "+err.Error())
		}
	}
	return o
}

func findOption(key string) (streamOption, bool) {
	for _, o := range streamOptions {
		if o.key == key {
			return o, true
		}
	}
	return streamOption{}, false
}

func optionHint(key string) string {
	keys := make([]string, len(streamOptions))
	for i, o := range streamOptions {
		keys[i] = o.key
	}
	if hint := diag.DidYouMean(key, keys); hint != "" {
		return hint
	}
	return "The options are " + strings.Join(keys, ", ") + "."
}

func optionText(v value.Value) string {
	if v.Kind() == value.Bool {
		return strconv.FormatBool(v.True())
	}
	return v.Str()
}

func optionSpan(s *syntax.Statement, key string) diag.Span {
	for _, o := range s.Options {
		if strings.EqualFold(o.Key.Name, key) {
			return o.Value.Span
		}
	}
	return s.Span
}
