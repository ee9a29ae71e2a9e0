package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/clients/logger"
)

// levelTrace is below slog.LevelDebug as EdgeX's TRACE is below its DEBUG.
const levelTrace = slog.LevelDebug - 4

// edgexHandler writes the records of log/slog through EdgeX's logging client.
// The client knows the level: it follows Writable.LogLevel while the service
// runs.
type edgexHandler struct {
	client logger.LoggingClient
	prefix string // of the open groups: "a.b."
	attrs  []any  // keys and texts
}

// Enabled leaves the decision to the client.
func (h *edgexHandler) Enabled(context.Context, slog.Level) bool { return true }

// Handle writes one record.
func (h *edgexHandler) Handle(_ context.Context, r slog.Record) error {
	args := append([]any(nil), h.attrs...)
	r.Attrs(func(a slog.Attr) bool {
		args = appendAttr(args, h.prefix, a)
		return true
	})
	switch {
	case r.Level < slog.LevelDebug:
		h.client.Trace(r.Message, args...)
	case r.Level < slog.LevelInfo:
		h.client.Debug(r.Message, args...)
	case r.Level < slog.LevelWarn:
		h.client.Info(r.Message, args...)
	case r.Level < slog.LevelError:
		h.client.Warn(r.Message, args...)
	default:
		h.client.Error(r.Message, args...)
	}
	return nil
}

// WithAttrs keeps the attributes for all records.
func (h *edgexHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := &edgexHandler{h.client, h.prefix, append([]any(nil), h.attrs...)}
	for _, a := range attrs {
		next.attrs = appendAttr(next.attrs, h.prefix, a)
	}
	return next
}

// WithGroup puts the keys that follow below a name.
func (h *edgexHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &edgexHandler{h.client, h.prefix + name + ".", h.attrs}
}

func appendAttr(args []any, prefix string, a slog.Attr) []any {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, inner := range v.Group() {
			args = appendAttr(args, prefix, inner)
		}
		return args
	}
	if a.Key == "" {
		return args
	}
	return append(args, prefix+a.Key, fmt.Sprint(v.Any()))
}
