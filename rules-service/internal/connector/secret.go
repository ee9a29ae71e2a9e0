package connector

import "log/slog"

// Secret is a property that must not be shown: a password, a token. Whatever
// prints it prints a placeholder.
type Secret string

const hidden = "<secret>"

// Reveal is the text itself, for the connection alone.
func (s Secret) Reveal() string { return string(s) }

func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString keeps %#v from showing it.
func (s Secret) GoString() string { return s.String() }

// MarshalText keeps encoders from showing it.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue keeps loggers from showing it.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
