package sap

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// kinds are the types of OData that a value is written for.
var kinds = []string{"Edm.Boolean", "Edm.Date", "Edm.DateTime", "Edm.DateTimeOffset", "Edm.Decimal", "Edm.Double", "Edm.Int32", "Edm.Int64", "Edm.String"}

func checkTypes(types map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(types)) {
		if !slices.Contains(kinds, types[name]) {
			return fmt.Errorf(`property "types.%s": %q is unknown; there are %s`, name, types[name], strings.Join(kinds, ", "))
		}
	}
	return nil
}

// typed writes the values of an entity as their types want it, those in
// entities below too: "Items.Quantity" names one of all items.
func typed(entity map[string]any, types map[string]string, v2 bool) error {
	for _, path := range slices.Sorted(maps.Keys(types)) {
		if err := typedAt(entity, strings.Split(path, "."), types[path], v2); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

func typedAt(in any, path []string, kind string, v2 bool) error {
	switch in := in.(type) {
	case []any:
		for _, e := range in {
			if err := typedAt(e, path, kind, v2); err != nil {
				return err
			}
		}
	case map[string]any:
		v := in[path[0]]
		if v == nil {
			return nil
		}
		if len(path) > 1 {
			return typedAt(v, path[1:], kind, v2)
		}
		t, err := written(v, kind, v2)
		if err != nil {
			return err
		}
		in[path[0]] = t
	}
	return nil
}

// written is a value as the version of OData writes it: before version 4
// decimals and long integers are texts, and times are written /Date(ms)/.
func written(v any, kind string, v2 bool) (any, error) {
	switch kind {
	case "Edm.String":
		return fmt.Sprint(v), nil
	case "Edm.Boolean":
		b, err := strconv.ParseBool(fmt.Sprint(v))
		return b, refusal(err, v, kind)
	case "Edm.Decimal", "Edm.Int64", "Edm.Int32", "Edm.Double":
		return writtenNumber(v, kind, v2)
	}
	t, err := timeOf(v)
	switch {
	case err != nil:
		return nil, err
	case kind == "Edm.Date":
		return t.UTC().Format(time.DateOnly), nil
	case v2 && kind == "Edm.DateTimeOffset":
		return fmt.Sprintf("/Date(%d+0000)/", t.UnixMilli()), nil
	case v2:
		return fmt.Sprintf("/Date(%d)/", t.UnixMilli()), nil
	}
	return t.UTC().Format("2006-01-02T15:04:05.999Z07:00"), nil
}

func writtenNumber(v any, kind string, v2 bool) (any, error) {
	text := strings.TrimSpace(fmt.Sprint(v))
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || strings.ContainsAny(text, "xXnN_pP") {
		return nil, fmt.Errorf("%v is no %s", v, kind)
	}
	if strings.ContainsAny(text, "eE") && kind != "Edm.Double" {
		text = strconv.FormatFloat(f, 'f', -1, 64)
	}
	if strings.HasPrefix(kind, "Edm.Int") {
		if _, err := strconv.ParseInt(text, 10, 64); err != nil {
			return nil, fmt.Errorf("%v is no %s", v, kind)
		}
	}
	if v2 && (kind == "Edm.Decimal" || kind == "Edm.Int64") {
		return text, nil
	}
	if !json.Valid([]byte(text)) { // such as +5 or .5
		text = strconv.FormatFloat(f, 'f', -1, 64)
	}
	return json.Number(text), nil
}

func refusal(err error, v any, kind string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%v is no %s", v, kind)
}

// timeOf reads milliseconds, or a time as a text.
func timeOf(v any) (time.Time, error) {
	text := fmt.Sprint(v)
	if ms, err := strconv.ParseFloat(text, 64); err == nil && ms > -1e15 && ms < 1e15 {
		return time.UnixMilli(int64(ms)), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999", time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time; milliseconds or a text such as 2026-11-20T21:10:59Z are", text)
}

// readDate reads a time of version 2 such as /Date(1700000000000+0060)/.
func readDate(text string) (ms int64, ok bool) {
	inner, ok := strings.CutPrefix(text, "/Date(")
	if !ok {
		return 0, false
	}
	if inner, ok = strings.CutSuffix(inner, ")/"); !ok {
		return 0, false
	}
	if i := strings.LastIndexAny(inner, "+-"); i > 0 {
		inner = inner[:i] // the zone of who entered it; the time is UTC
	}
	ms, err := strconv.ParseInt(inner, 10, 64)
	return ms, err == nil
}
