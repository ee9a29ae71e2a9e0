package edgex

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/clients/logger"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
)

// askAgain lies between two attempts to reach a service that is not there yet.
const askAgain = time.Second

// patience lets the SDK wait for core-metadata: by itself it asks once, some
// milliseconds after its start, and ends the process when nobody answers. The
// SDK's REST clients use http.DefaultTransport; while patience lasts, a GET
// that finds nobody listening is tried again there until somebody does, unless
// the last known state answers it.
type patience struct {
	last *standIn // answers for core-metadata; nil: nothing is known
	ctx  context.Context
	lc   logger.LoggingClient
	base http.RoundTripper
	over atomic.Bool
	once sync.Once
}

// beginPatience stands in for http.DefaultTransport until end is called.
func beginPatience(ctx context.Context, key string, last *standIn) *patience {
	p := &patience{last: last, ctx: ctx, lc: logger.NewClient(key, models.InfoLog), base: http.DefaultTransport}
	http.DefaultTransport = p
	return p
}

// end lets requests fail at once again. The transport stays in place:
// requests under way still use it.
func (p *patience) end() { p.over.Store(true) }

// RoundTrip is that of http.DefaultTransport, tried again where that is safe.
func (p *patience) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.last != nil && !p.over.Load() && p.last.concerns(r) {
		return p.last.roundTrip(p.base, r)
	}
	for {
		res, err := p.base.RoundTrip(r)
		if err == nil || p.over.Load() || !unanswered(r, err) {
			return res, err
		}
		p.once.Do(func() {
			p.lc.Warnf("waiting for %s: %v", r.URL.Host, err)
		})
		select {
		case <-p.ctx.Done():
			return nil, err
		case <-r.Context().Done():
			return nil, err
		case <-time.After(askAgain):
		}
	}
}

// unanswered tells that a request was never sent, because there was no connection.
func unanswered(r *http.Request, err error) bool {
	var op *net.OpError
	return r.Method == http.MethodGet && r.Body == nil && errors.As(err, &op) && op.Op == "dial"
}
