package httppull

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"time"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
	"sluice/sqlengine/value"
)

// source makes a request at an interval. It is connected while its requests
// succeed: Connect makes one.
type source struct {
	*client
	config SourceConfig
	due    time.Time // of the next request
	known  known
	before known                // what was known before the last delivery
	answer *httpclient.Answer   // not handed on yet
	acks   chan error           // of the last delivery; nil: it is acknowledged
	in     [1]connector.Inbound // of the last Read

	mu        sync.Mutex
	reception connector.Reception
}

// known is what the next request depends on.
type known struct {
	states map[string]any
	digest [sha256.Size]byte // of the last answer
	news   http.Header       // see question
	pulled time.Time         // the last answer
}

func newSource(c SourceConfig, shared *clients) (connector.Source, error) {
	cl, err := newClient(c.Request, shared)
	if err != nil {
		return nil, err
	}
	s := &source{client: cl, config: c, known: known{states: c.States}}
	s.reception.Topic = cl.name()
	return s, nil
}

// Connect makes a request; Read hands on its answer.
func (s *source) Connect(ctx context.Context) error {
	s.start()
	return s.ask(ctx)
}

// Read implements connector.Source.
func (s *source) Read(ctx context.Context) ([]connector.Inbound, func(error), error) {
	for {
		if s.answer == nil {
			if err := s.wait(ctx); err != nil {
				return nil, nil, err
			}
			if err := s.ask(ctx); err != nil {
				if ctx.Err() != nil {
					return nil, nil, ctx.Err()
				}
				return nil, nil, fmt.Errorf("%w: %w", connector.ErrNotConnected, err)
			}
		}
		a := s.answer
		s.answer = nil
		if !s.fresh(a) {
			continue
		}
		acks := make(chan error, 1)
		s.acks = acks
		s.in[0] = connector.Inbound{Payload: a.Body, Time: time.Now()}
		return s.in[:], func(err error) { acks <- err }, nil
	}
}

// wait waits until the next request is due and the rules are done with the last
// answer. What they could not take is asked for again.
func (s *source) wait(ctx context.Context) error {
	if s.acks != nil {
		select {
		case err := <-s.acks:
			s.acks = nil
			if err != nil {
				s.known = s.before
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	timer := time.NewTimer(time.Until(s.due))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ask makes the request. It keeps the rhythm of the interval, and does not catch
// up with what was missed.
func (s *source) ask(ctx context.Context) error {
	now := time.Now()
	if s.due = s.due.Add(s.config.Interval); s.due.Before(now) {
		s.due = now.Add(s.config.Interval)
	}
	a, err := s.pull(ctx, question{data: s.data(now), news: s.known.news})
	if err != nil {
		return err
	}
	s.before = s.known
	s.known.pulled = now
	s.answer = a
	return nil
}

// data are the fields of templates.
func (s *source) data(now time.Time) map[string]any {
	if !s.templates.evaluated() {
		return nil
	}
	data := maps.Clone(s.known.states)
	if data == nil {
		data = map[string]any{}
	}
	data["PullTime"], data["LastPullTime"] = now.UnixMilli(), int64(0)
	if !s.known.pulled.IsZero() {
		data["LastPullTime"] = s.known.pulled.UnixMilli()
	}
	return data
}

// fresh notes what an answer says, and tells whether it is to be handed on.
func (s *source) fresh(a *httpclient.Answer) bool {
	if a.Status == http.StatusNotModified {
		s.ignore()
		return false
	}
	if len(a.Body) == 0 {
		return false
	}
	if s.config.Incremental {
		digest := sha256.Sum256(a.Body)
		if digest == s.known.digest {
			s.ignore()
			return false
		}
		s.known.digest = digest
		if s.config.Method == http.MethodGet && !s.templates.evaluated() {
			s.known.news = newsSince(a.Header)
		}
	}
	if len(s.config.States) > 0 {
		s.known.states = advanced(s.known.states, a.Body)
	}
	s.mu.Lock()
	s.reception.LastTopic = s.reception.Topic
	s.mu.Unlock()
	return true
}

// newsSince asks for an answer only if it is another one.
func newsSince(last http.Header) http.Header {
	news := http.Header{}
	if tag := last.Get("ETag"); tag != "" {
		news.Set("If-None-Match", tag)
	}
	if modified := last.Get("Last-Modified"); modified != "" {
		news.Set("If-Modified-Since", modified)
	}
	if len(news) == 0 {
		return nil
	}
	return news
}

// advanced are the states with what an answer says of them.
func advanced(states map[string]any, body []byte) map[string]any {
	rows, err := rowsOf(body)
	if err != nil {
		return states // the decoder tells of it
	}
	next := maps.Clone(states)
	for _, row := range rows {
		for name := range states {
			if v := row.Get(name); v.Kind() != value.Null {
				next[name] = codec.ToGo(v)
			}
		}
	}
	return next
}

const unchanged = "answers equal to the one before"

func (s *source) ignore() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reception.Ignored == nil {
		s.reception.Ignored = map[string]uint64{}
	}
	s.reception.Ignored[unchanged]++
	s.reception.LastIgnored = unchanged
}

// Reception tells what was received.
func (s *source) Reception() connector.Reception {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.reception
	r.Ignored = maps.Clone(r.Ignored)
	return r
}

// Close gives up the token.
func (s *source) Close(context.Context) error {
	s.stop()
	return nil
}
