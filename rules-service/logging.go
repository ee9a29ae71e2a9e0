package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

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

// newLog is the log of the service in the form that the settings ask for.
func newLog(conf *settings, client logger.LoggingClient) *slog.Logger {
	if conf.LogFormat == "json" {
		return slog.New(newJSONHandler(os.Stdout, client))
	}
	return slog.New(&edgexHandler{client: client})
}

// levels are EdgeX's levels by the names that eKuiper and others have for them.
var levels = map[string]string{
	"": "", "trace": "TRACE", "debug": "DEBUG", "info": "INFO", "warn": "WARN", "warning": "WARN", "error": "ERROR", "fatal": "ERROR", "panic": "ERROR",
}

// edgexLevel is the level as EdgeX calls it; "" stays as it is.
func edgexLevel(name string) (string, error) {
	level, ok := levels[strings.ToLower(name)]
	if !ok {
		return "", fmt.Errorf("%q is no level; write trace, debug, info, warn or error", name)
	}
	return level, nil
}

// slogLevel is a level of EdgeX as log/slog has it.
func slogLevel(edgex string) slog.Level {
	switch edgex {
	case "TRACE":
		return levelTrace
	case "DEBUG":
		return slog.LevelDebug
	case "WARN":
		return slog.LevelWarn
	case "ERROR":
		return slog.LevelError
	}
	return slog.LevelInfo
}

// jsonHandler writes records as objects, one a line, at the level that EdgeX's
// client has at the time.
type jsonHandler struct {
	slog.Handler
	client logger.LoggingClient
}

func newJSONHandler(w io.Writer, client logger.LoggingClient) *jsonHandler {
	return &jsonHandler{slog.NewJSONHandler(w, &slog.HandlerOptions{Level: levelTrace, ReplaceAttr: nameTrace}), client}
}

// nameTrace gives the level below debug its name.
func nameTrace(_ []string, a slog.Attr) slog.Attr {
	if level, ok := a.Value.Any().(slog.Level); ok && a.Key == slog.LevelKey && level == levelTrace {
		a.Value = slog.StringValue("TRACE")
	}
	return a
}

// Enabled follows EdgeX's Writable.LogLevel.
func (h *jsonHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slogLevel(h.client.LogLevel())
}

// WithAttrs keeps the attributes for all records.
func (h *jsonHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &jsonHandler{h.Handler.WithAttrs(attrs), h.client}
}

// WithGroup puts the keys that follow into an object.
func (h *jsonHandler) WithGroup(name string) slog.Handler {
	return &jsonHandler{h.Handler.WithGroup(name), h.client}
}
