package opcua

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gopcua/opcua"
	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"
)

const (
	// nodesPerRequest is the most nodes in one request to a server without a
	// limit of its own.
	nodesPerRequest = 1000
	// goodbye is how long a server has to answer the end of a session.
	goodbye = time.Second
	// abandoned is when a server may drop a session that it hears nothing
	// from, unless the signs of life are rarer.
	abandoned = time.Minute
	// libraryStates holds every state that one client can go through.
	libraryStates = 16
)

// errLost is why requests in flight fail when their session ends.
var errLost = errors.New("connection lost")

// session is one connection to a server, from connect until its end; it does
// not come back. The library's own reconnect is off: it cannot be told from a
// working connection, and it retries at one pace for ever.
type session struct {
	client     *opcua.Client
	url        string
	options    []opcua.Option // of its connection
	namespaces []string
	readMax    atomic.Int64
	writeMax   atomic.Int64
	itemsMax   atomic.Int64 // nodes that one request may subscribe to
	browseMax  atomic.Int64
	pageMax    atomic.Int64 // references in one answer
	wasted     atomic.Bool  // the server keeps references that nobody can fetch
	book       typeBook     // of the server's data types
	started    time.Time    // the server
	token      *ua.NodeID   // by which the server knows the session; of the feed alone

	states  chan opcua.ConnState
	suspect chan struct{} // asks for a probe
	cut     chan error    // ends the session for a reason

	mu    sync.Mutex
	ended error                // why, once it has
	types map[string]ua.TypeID // of nodes that were written, by node id
	// methods are the arguments of methods that were called, by node id.
	methods map[string][]*ua.Argument
}

func connect(ctx context.Context, t target, o Options) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	protection, err := t.protect(ctx, o.PKI, o.Secret)
	if err != nil {
		if ctx.Err() != nil {
			return nil, errNoAnswer
		}
		return nil, err
	}
	s := &session{
		url:     t.url,
		options: append(protection, clientOptions(t, o)...),
		states:  make(chan opcua.ConnState, libraryStates),
		suspect: make(chan struct{}, 1),
		cut:     make(chan error, 1),
		types:   map[string]ua.TypeID{},
		methods: map[string][]*ua.Argument{},
	}
	s.client, err = opcua.NewClient(t.url, slices.Concat(s.options, []opcua.Option{opcua.StateChangedCh(s.states)})...)
	if err != nil {
		return nil, err
	}
	if err := s.client.Connect(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, errNoAnswer
		}
		return nil, named(err)
	}
	s.namespaces = s.client.Namespaces()
	s.pageMax.Store(referencesAtOnce)
	if err := s.learnLimits(ctx); err != nil {
		s.close(err)
		return nil, err
	}
	return s, nil
}

// clientOptions are those of every connection to a server.
func clientOptions(t target, o Options) []opcua.Option {
	return []opcua.Option{
		opcua.ApplicationName("Sluice"),
		opcua.ApplicationURI(ApplicationURI),
		opcua.ProductURI("urn:sluice"),
		opcua.AutoReconnect(false),
		opcua.DialTimeout(t.timeout),
		opcua.RequestTimeout(t.timeout),
		opcua.SessionTimeout(max(abandoned, 3*o.KeepAlive)),
	}
}

// learnLimits asks how many nodes a request may name. Not all servers tell.
func (s *session) learnLimits(ctx context.Context) error {
	values, err := s.send(ctx, []*ua.ReadValueID{
		{NodeID: ua.NewNumericNodeID(0, id.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead), AttributeID: ua.AttributeIDValue},
		{NodeID: ua.NewNumericNodeID(0, id.Server_ServerCapabilities_OperationLimits_MaxNodesPerWrite), AttributeID: ua.AttributeIDValue},
		{NodeID: ua.NewNumericNodeID(0, id.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall), AttributeID: ua.AttributeIDValue},
		{NodeID: ua.NewNumericNodeID(0, id.Server_ServerStatus_StartTime), AttributeID: ua.AttributeIDValue},
		{NodeID: ua.NewNumericNodeID(0, id.Server_ServerCapabilities_OperationLimits_MaxNodesPerBrowse), AttributeID: ua.AttributeIDValue},
	})
	if err != nil {
		return fmt.Errorf("read of the server's limits: %w", err)
	}
	s.readMax.Store(limit(values[0]))
	s.writeMax.Store(limit(values[1]))
	s.itemsMax.Store(limit(values[2]))
	s.browseMax.Store(limit(values[4]))
	if v := values[3]; !isBad(v.Status) && v.Value != nil {
		s.started, _ = v.Value.Value().(time.Time)
	}
	return nil
}

func limit(v *ua.DataValue) int64 {
	if isBad(v.Status) || v.Value == nil {
		return nodesPerRequest
	}
	n, err := unsigned(v.Value.Value(), 32, "UInt32")
	if err != nil || n == 0 {
		return nodesPerRequest
	}
	return int64(n)
}

// watch returns why the session ended. It asks the server for a sign of life
// at each interval and when there is a doubt: the library calls a connection
// lost at every request that a server refuses.
func (s *session) watch(ctx context.Context, interval time.Duration, joined <-chan struct{}, announce func()) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case err := <-s.cut:
			return err
		case <-joined:
			announce()
			continue
		case state := <-s.states:
			if state != opcua.Disconnected && state != opcua.Closed {
				continue
			}
		case <-s.suspect:
		case <-ticker.C:
		}
		if err := s.probe(ctx); err != nil {
			return err
		}
	}
}

// probe reads the server's state, whatever it is.
func (s *session) probe(ctx context.Context) error {
	_, err := s.send(ctx, []*ua.ReadValueID{
		{NodeID: ua.NewNumericNodeID(0, id.Server_ServerStatus_State), AttributeID: ua.AttributeIDValue},
	})
	return err
}

// detach leaves the session at the server when its connection ends, and its
// subscriptions with it, for the next session to take over.
func (s *session) detach(ctx context.Context) []*opcua.Session {
	left, _ := s.client.DetachSession(ctx) // always nil
	if left == nil {
		return nil
	}
	return []*opcua.Session{left}
}

// close ends the session for a reason, and requests in flight with it.
func (s *session) close(reason error) {
	s.mu.Lock()
	s.ended = fmt.Errorf("%w: %w", errLost, reason)
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), goodbye)
	defer cancel()
	_ = s.client.Close(ctx) // always nil
}

// request runs one service call, which ends with the caller's context and
// with the session.
func (s *session) request(ctx context.Context, call func() error) error {
	err := call()
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.mu.Lock()
	ended := s.ended
	s.mu.Unlock()
	if ended != nil {
		return ended
	}
	select {
	case s.suspect <- struct{}{}:
	default: // a probe is due already
	}
	return named(err)
}

// tooMany tells that a request may pass when it names fewer nodes.
func tooMany(err error) bool {
	return errors.Is(err, ua.StatusBadTooManyOperations) || errors.Is(err, ua.StatusBadRequestTooLarge)
}

// tooLarge tells that the answer to a request was too large: for the server, or
// for the library, which takes no larger answers than the server takes requests,
// and has only texts for that.
func tooLarge(err error) bool {
	switch {
	case err == nil:
		return false
	case errors.Is(err, ua.StatusBadResponseTooLarge), errors.Is(err, ua.StatusBadEncodingLimitsExceeded), errors.Is(err, ua.StatusBadTCPMessageTooLarge):
		return true
	}
	text := err.Error()
	return strings.Contains(text, "message too large") || strings.Contains(text, "too many chunks")
}

// inParts calls do for as many nodes at once as the limit allows. What is too much
// is halved, and the limit is what has passed then. A node whose value alone is
// too large says nothing about the others.
func inParts(count int, limit *atomic.Int64, do func(from, to int) error) error {
	most := int(limit.Load())
	for from := 0; from < count; {
		n := min(count-from, most)
		err := do(from, from+n)
		switch {
		case n > 1 && tooMany(err):
			most = n / 2
			limit.Store(int64(most))
		case n > 1 && tooLarge(err):
			most = n / 2
		case err != nil:
			return err
		case n > 1:
			from += n
			limit.Store(int64(most))
		default:
			from++
			most = int(limit.Load())
		}
	}
	return nil
}
