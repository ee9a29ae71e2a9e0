package plan

import (
	"fmt"
	"strconv"
	"strings"

	"sluice/sqlengine/value"
)

// Describe is the answer to DESCRIBE: the fields with their types, and the
// options that are set.
func (s *Stream) Describe() string {
	var b strings.Builder
	b.WriteString("Fields\n" + strings.Repeat("-", 80) + "\n")
	for i := range s.Fields {
		f := &s.Fields[i]
		b.WriteString(f.Name + "\t" + f.Type())
		if !f.Default.IsMissing() {
			b.WriteString("\tDEFAULT\t" + plainText(f.Default))
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	for _, o := range s.Options.pairs() {
		if o.text != "" {
			fmt.Fprintf(&b, "%s: %s\n", o.key, o.text)
		}
	}
	return b.String()
}

type optionPair struct{ key, text string }

// pairs are the options as text, in the order of DESCRIBE; empty: not set.
func (o *Options) pairs() []optionPair {
	return []optionPair{
		{"CONF_KEY", o.ConfKey}, {"DATASOURCE", o.Datasource}, {"FORMAT", o.Format}, {"SCHEMAID", o.SchemaID},
		{"KEY", o.Key}, {"RETAIN_SIZE", number(o.RetainSize)}, {"SHARED", flag(o.Shared)},
		{"STRICT_VALIDATION", flag(o.StrictValidation)}, {"TIMESTAMP", o.Timestamp},
		{"TIMESTAMP_FORMAT", o.TimestampFormat}, {"TYPE", o.Type}, {"EXTRA", o.Extra}, {"VERSION", o.Version},
		{"KIND", o.Kind}, {"DELIMITER", o.Delimiter}, {"TEMP", flag(o.Temp)},
	}
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func flag(set bool) string {
	if !set {
		return ""
	}
	return "true"
}

// Type is the declared type in the dialect's words: array(float),
// struct(x bigint, y string).
func (f *Field) Type() string {
	switch f.Kind {
	case value.List:
		if f.Elem == nil {
			return "array"
		}
		return "array(" + f.Elem.Type() + ")"
	case value.Object:
		parts := make([]string, len(f.Fields))
		for i := range f.Fields {
			parts[i] = f.Fields[i].Name + " " + f.Fields[i].Type()
		}
		return "struct(" + strings.Join(parts, ", ") + ")"
	}
	return strings.ToLower(f.Kind.String())
}

func plainText(v value.Value) string {
	switch v.Kind() {
	case value.String:
		return v.Str()
	case value.Bytes:
		return string(v.Bytes())
	}
	text, _ := v.AppendJSON(nil) // a literal is always printable
	return string(text)
}
