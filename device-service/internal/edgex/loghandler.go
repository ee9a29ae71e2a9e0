package edgex

import (
	"context"
	"log/slog"
	"slices"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/clients/logger"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
)

// levelTrace is below slog's levels; EdgeX has one.
const levelTrace = slog.LevelDebug - 4

// logHandler writes slog records through the SDK's logger, so that they look
// like its own and a level that is changed at run time holds for them, too.
type logHandler struct {
	lc     logger.LoggingClient
	prefix string // of the open groups
	args   []any  // keys and values of With
}

func newLogger(lc logger.LoggingClient) *slog.Logger { return slog.New(&logHandler{lc: lc}) }

func (h *logHandler) Enabled(_ context.Context, level slog.Level) bool {
	least := slog.LevelInfo
	switch h.lc.LogLevel() {
	case models.TraceLog:
		least = levelTrace
	case models.DebugLog:
		least = slog.LevelDebug
	case models.WarnLog:
		least = slog.LevelWarn
	case models.ErrorLog:
		least = slog.LevelError
	}
	return level >= least
}

func (h *logHandler) Handle(_ context.Context, r slog.Record) error {
	args := slices.Clone(h.args)
	r.Attrs(func(a slog.Attr) bool {
		args = appendAttr(args, h.prefix, a)
		return true
	})
	switch {
	case r.Level >= slog.LevelError:
		h.lc.Error(r.Message, args...)
	case r.Level >= slog.LevelWarn:
		h.lc.Warn(r.Message, args...)
	case r.Level >= slog.LevelInfo:
		h.lc.Info(r.Message, args...)
	case r.Level >= slog.LevelDebug:
		h.lc.Debug(r.Message, args...)
	default:
		h.lc.Trace(r.Message, args...)
	}
	return nil
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	args := slices.Clone(h.args)
	for _, a := range attrs {
		args = appendAttr(args, h.prefix, a)
	}
	return &logHandler{lc: h.lc, prefix: h.prefix, args: args}
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &logHandler{lc: h.lc, prefix: h.prefix + name + ".", args: h.args}
}

// appendAttr appends key and value as text: the SDK's logger ends the process
// on a value that it cannot write.
func appendAttr(args []any, prefix string, a slog.Attr) []any {
	v := a.Value.Resolve()
	if v.Kind() != slog.KindGroup {
		return append(args, prefix+a.Key, v.String())
	}
	if a.Key != "" {
		prefix += a.Key + "."
	}
	for _, inner := range v.Group() {
		args = appendAttr(args, prefix, inner)
	}
	return args
}
