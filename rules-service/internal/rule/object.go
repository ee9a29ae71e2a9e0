package rule

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/sqlengine/diag"
)

// object reads the keys of one JSON object by name, without regard to case, as
// existing clients expect. It collects what is wrong, and knows afterwards
// which keys nobody asked for.
type object struct {
	path  string // "options." …: what stands before a key in messages
	keys  map[string]member
	known []string
	note  *notes
	// absent has the values of keys that are not here; nil: there are none.
	absent *object
}

type member struct {
	name string // as it was written
	raw  json.RawMessage
}

// notes are the findings of one definition.
type notes struct {
	errs     []string
	warnings []string
}

func (n *notes) fail(format string, args ...any) {
	n.errs = append(n.errs, fmt.Sprintf(format, args...))
}

func (n *notes) warn(format string, args ...any) {
	n.warnings = append(n.warnings, fmt.Sprintf(format, args...))
}

func newObject(path string, raw json.RawMessage, note *notes) *object {
	o := &object{path: path, keys: map[string]member{}, note: note}
	if bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		return o
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		note.fail("%s must be an object, not %s", strings.TrimSuffix(path, "."), kindOf(raw))
		return o
	}
	for dec.More() {
		if err := o.add(dec); err != nil {
			note.fail("%s: %v", strings.TrimSuffix(path, "."), err)
			break
		}
	}
	return o
}

// add reads the next key. One that is there already, in any spelling, is
// replaced.
func (o *object) add(dec *json.Decoder) error {
	key, err := dec.Token()
	if err != nil {
		return err
	}
	m := member{name: key.(string)}
	if err := dec.Decode(&m.raw); err != nil {
		return err
	}
	if _, twice := o.keys[strings.ToLower(m.name)]; twice {
		o.note.warn("%s%s is given twice; the last one counts", o.path, m.name)
	}
	o.keys[strings.ToLower(m.name)] = m
	return nil
}

// kindOf names a JSON value for a message.
func kindOf(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return "nothing"
	}
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "the text " + string(raw)
	}
	return string(raw)
}

// know notes that somebody asks for a key, where there are any.
func (o *object) know(name string) {
	if len(o.keys) > 0 {
		o.known = append(o.known, name)
	}
}

// take returns the value of a key; null counts as absent.
func (o *object) take(name string) (json.RawMessage, bool) {
	o.know(name)
	if m, ok := o.keys[strings.ToLower(name)]; ok && string(bytes.TrimSpace(m.raw)) != "null" {
		return m.raw, true
	}
	if o.absent == nil {
		return nil, false
	}
	return o.absent.take(name)
}

func (o *object) has(name string) bool {
	_, ok := o.take(name)
	return ok
}

func (o *object) wrong(name, want string, raw json.RawMessage) {
	o.note.fail("%s%s must be %s, not %s", o.path, name, want, kindOf(raw))
}

func (o *object) text(name string) string {
	raw, ok := o.take(name)
	if !ok {
		return ""
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		o.wrong(name, "a text", raw)
	}
	return s
}

func (o *object) boolean(name string, absent bool) bool {
	raw, ok := o.take(name)
	if !ok {
		return absent
	}
	var b bool
	if json.Unmarshal(raw, &b) != nil {
		o.wrong(name, "true or false", raw)
	}
	return b
}

// count reads a whole number that is not negative.
func (o *object) count(name string, absent int) int {
	raw, ok := o.take(name)
	if !ok {
		return absent
	}
	f, err := strconv.ParseFloat(string(bytes.TrimSpace(raw)), 64)
	if err != nil || f != math.Trunc(f) || f < 0 || f > math.MaxInt32 {
		o.wrong(name, "a whole number of at least 0", raw)
		return absent
	}
	return int(f)
}

// factor reads a number that is not negative.
func (o *object) factor(name string, absent float64) float64 {
	raw, ok := o.take(name)
	if !ok {
		return absent
	}
	f, err := strconv.ParseFloat(string(bytes.TrimSpace(raw)), 64)
	if err != nil || f < 0 || math.IsInf(f, 0) || math.IsNaN(f) {
		o.wrong(name, "a number of at least 0", raw)
		return absent
	}
	return f
}

// duration reads milliseconds, or text such as "10s".
func (o *object) duration(name string, absent time.Duration) time.Duration {
	raw, ok := o.take(name)
	if !ok {
		return absent
	}
	const want = `milliseconds or a text such as "10s", of at least 0`
	var s string
	if json.Unmarshal(raw, &s) == nil {
		if s == "" {
			return absent
		}
		d, err := time.ParseDuration(s)
		if err != nil || d < 0 {
			o.wrong(name, want, raw)
			return absent
		}
		return d
	}
	ms, err := strconv.ParseFloat(string(bytes.TrimSpace(raw)), 64)
	if err != nil || !(ms >= 0 && ms < float64(math.MaxInt64/int64(time.Millisecond))) {
		o.wrong(name, want, raw)
		return absent
	}
	return time.Duration(ms * float64(time.Millisecond))
}

func (o *object) texts(name string) []string {
	raw, ok := o.take(name)
	if !ok {
		return nil
	}
	var list []string
	if json.Unmarshal(raw, &list) != nil {
		o.wrong(name, "a list of texts", raw)
	}
	return list
}

// child reads an object; an absent one is empty.
func (o *object) child(name string) *object {
	o.know(name)
	c := &object{path: o.path + name + ".", note: o.note}
	if m, ok := o.keys[strings.ToLower(name)]; ok {
		c = newObject(c.path, m.raw, o.note)
	}
	if o.absent != nil {
		c.absent = o.absent.child(name)
	}
	return c
}

// warnUnknown notes the keys that nobody asked for.
func (o *object) warnUnknown() {
	var unknown []string
	for folded, m := range o.keys {
		if !slices.ContainsFunc(o.known, func(k string) bool { return strings.ToLower(k) == folded }) {
			unknown = append(unknown, m.name)
		}
	}
	slices.Sort(unknown)
	for _, name := range unknown {
		hint := diag.Nearest(name, o.known)
		if hint == "" {
			o.note.warn("%s%s is unknown and has no effect", o.path, name)
			continue
		}
		o.note.warn("%s%s is unknown and has no effect; did you mean %q?", o.path, name, hint)
	}
}
