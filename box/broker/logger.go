package broker

import (
	"fmt"
	"log/slog"
	"sync"
)

// logger hands the server's log on to slog. The server's notices are for its
// own operators, so they appear at debug level.
type logger struct {
	log  *slog.Logger
	mu   sync.Mutex
	last error // the first fatal one
}

func newLogger(log *slog.Logger, name string) *logger {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &logger{log: log.With("broker", name)}
}

func (l *logger) fatal() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// reason says why the server did not start.
func (l *logger) reason() error {
	if err := l.fatal(); err != nil {
		return err
	}
	return fmt.Errorf("not ready within %v", readyWithin)
}

// Fatalf keeps the error for whoever started the server, who returns it.
func (l *logger) Fatalf(format string, v ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil {
		l.last = fmt.Errorf(format, v...)
	}
}

func (l *logger) Noticef(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l *logger) Warnf(format string, v ...any)   { l.log.Warn(fmt.Sprintf(format, v...)) }
func (l *logger) Errorf(format string, v ...any)  { l.log.Error(fmt.Sprintf(format, v...)) }
func (l *logger) Debugf(format string, v ...any)  { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l *logger) Tracef(format string, v ...any)  { l.log.Debug(fmt.Sprintf(format, v...)) }
