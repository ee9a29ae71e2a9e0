package redis

import (
	"context"
	"errors"
	"strings"
	"time"

	client "github.com/redis/go-redis/v9"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

const (
	readAtOnce = 1000
	blockFor   = time.Second // for which a read waits for entries, and acknowledgements for it
	againPause = time.Second // before entries that were not taken are read again
	newEntries = ">"         // that no consumer of the group has had
	ackAtOnce  = 1000
)

// stream reads as a consumer of a group. What waits for entries can be ended
// with its connection alone, so acknowledgements have one of their own.
type stream struct {
	config          StreamConfig
	name            string
	control, reader connection
	pending         *pending
	from            string    // id behind which own entries are read again, or newEntries
	claim           time.Time // of the next look for entries of others

	payloads []byte
	ends     []int
	ids      []string
	out      []connector.Inbound
}

func (s *stream) Connect(ctx context.Context) error {
	s.disconnect()
	if err := s.control.connect(ctx); err != nil {
		return err
	}
	err := s.control.client.XGroupCreateMkStream(ctx, s.config.Datasource, s.config.Group, s.config.Start).Err()
	if err != nil && strings.HasPrefix(err.Error(), "BUSYGROUP") {
		err = nil // it is there
	}
	if err = s.control.judge(ctx, err); err == nil {
		err = s.reader.connect(ctx)
	}
	if err != nil {
		s.disconnect()
		return err
	}
	s.from, s.claim = "0", time.Now()
	return nil
}

// Read implements connector.Source.
func (s *stream) Read(ctx context.Context) ([]connector.Inbound, func(error), error) {
	if s.reader.client == nil {
		return nil, nil, connector.ErrNotConnected
	}
	reader := s.reader.client
	stop := context.AfterFunc(ctx, func() { _ = reader.Close() }) // it is not ended otherwise
	defer stop()
	for {
		if err := s.settle(ctx); err != nil {
			return nil, nil, s.control.judge(ctx, err)
		}
		entries, err := s.entries(ctx)
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		if err != nil {
			return nil, nil, s.reader.judge(ctx, err)
		}
		if err := s.take(ctx, entries); err != nil {
			return nil, nil, s.control.judge(ctx, err)
		}
		if len(s.out) > 0 {
			ids := s.ids
			s.ids = nil
			return s.out, func(err error) { s.pending.settle(ids, err) }, nil
		}
	}
}

// settle acknowledges what the rules have taken, and goes back to what they have
// not.
func (s *stream) settle(ctx context.Context) error {
	done, again := s.pending.taken()
	for len(done) > 0 {
		part := done[:min(len(done), ackAtOnce)]
		if err := s.control.client.XAck(ctx, s.config.Datasource, s.config.Group, part...).Err(); err != nil {
			s.pending.unacknowledged(done)
			return err
		}
		s.pending.acknowledged(part)
		done = done[len(part):]
	}
	if !again {
		return nil
	}
	s.from = "0"
	timer := time.NewTimer(againPause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// entries waits for some, and for no longer than acknowledgements may wait.
func (s *stream) entries(ctx context.Context) ([]client.XMessage, error) {
	if s.from == newEntries && s.config.ClaimAfter > 0 && !time.Now().Before(s.claim) {
		if list, err := s.claimed(ctx); err != nil || len(list) > 0 {
			return list, err
		}
	}
	block := blockFor
	if s.from != newEntries {
		block = -1
	}
	answer, err := s.reader.client.XReadGroup(ctx, &client.XReadGroupArgs{Group: s.config.Group, Consumer: s.name,
		Streams: []string{s.config.Datasource, s.from}, Count: readAtOnce, Block: block}).Result()
	if errors.Is(err, client.Nil) {
		err = nil // nothing has come
	}
	var list []client.XMessage
	if len(answer) > 0 {
		list = answer[0].Messages
	}
	if s.from != newEntries && err == nil {
		s.from = newEntries
		if len(list) > 0 {
			s.from = list[len(list)-1].ID
		}
	}
	return list, err
}

// claimed takes over entries that another consumer does not acknowledge.
func (s *stream) claimed(ctx context.Context) ([]client.XMessage, error) {
	list, next, err := s.reader.client.XAutoClaim(ctx, &client.XAutoClaimArgs{Stream: s.config.Datasource, Group: s.config.Group, Consumer: s.name,
		MinIdle: s.config.ClaimAfter, Start: "0", Count: readAtOnce}).Result()
	switch {
	case err != nil && strings.HasPrefix(err.Error(), "ERR unknown command"):
		s.config.ClaimAfter = 0 // the server is older than 6.2
		return nil, nil
	case err == nil && next == "0-0":
		s.claim = time.Now().Add(s.config.ClaimAfter / 2)
	}
	return list, err
}

// take makes messages of entries. Those that were deleted, or have no payload,
// are acknowledged at once: nothing can become of them.
func (s *stream) take(ctx context.Context, entries []client.XMessage) error {
	clear(s.out)
	s.out, s.payloads, s.ends = s.out[:0], s.payloads[:0], s.ends[:0]
	now := time.Now()
	var gone []string
	for i := range entries {
		e := &entries[i]
		if !s.append(e) {
			gone = append(gone, e.ID)
			continue
		}
		if !s.pending.add(e.ID) {
			s.payloads = s.payloads[:s.end()]
			continue
		}
		s.ids, s.ends = append(s.ids, e.ID), append(s.ends, len(s.payloads))
		s.out = append(s.out, connector.Inbound{Meta: entryMeta{s.config.Datasource, e.ID}, Time: now})
	}
	start := 0
	for i, end := range s.ends {
		s.out[i].Payload = s.payloads[start:end:end]
		start = end
	}
	if len(gone) == 0 {
		return nil
	}
	err := s.control.client.XAck(ctx, s.config.Datasource, s.config.Group, gone...).Err()
	if err != nil {
		s.pending.settle(s.ids, err) // nobody has got them
		s.ids = nil
	}
	return err
}

// end is that of the last message.
func (s *stream) end() int {
	if len(s.ends) == 0 {
		return 0
	}
	return s.ends[len(s.ends)-1]
}

// append appends the payload of an entry; false: it has none.
func (s *stream) append(e *client.XMessage) bool {
	if name := s.config.PayloadField; name != "" {
		payload, ok := e.Values[name].(string)
		s.payloads = append(s.payloads, payload...)
		return ok
	}
	if len(e.Values) == 0 {
		return false
	}
	names, values := make([]string, 0, len(e.Values)), make([]value.Value, 0, len(e.Values))
	for name, v := range e.Values {
		if t, ok := v.(string); ok {
			names, values = append(names, name), append(values, value.OfString(t))
		}
	}
	s.payloads = codec.AppendRows(s.payloads, []*value.Fields{value.FieldsOf(names, values)})
	return true
}

// entryMeta is what the server says of an entry.
type entryMeta struct{ stream, id string }

func (m entryMeta) Get(key string) value.Value {
	switch key {
	case "id":
		return value.OfString(m.id)
	case "stream":
		return value.OfString(m.stream)
	}
	return value.Missing
}

func (m entryMeta) All() value.Value {
	return value.OfObject(value.FieldsOf([]string{"id", "stream"}, []value.Value{value.OfString(m.id), value.OfString(m.stream)}))
}

func (s *stream) disconnect() {
	s.control.disconnect()
	s.reader.disconnect()
}

// Close acknowledges what the rules have taken, and ends the connections.
func (s *stream) Close(ctx context.Context) error {
	var err error
	if s.control.client != nil {
		err = s.flush(ctx)
	}
	s.disconnect()
	return err
}

// flush acknowledges; what the rules have not taken comes again to the next
// reader.
func (s *stream) flush(ctx context.Context) error {
	done, _ := s.pending.taken()
	if len(done) == 0 {
		return nil
	}
	return s.control.judge(ctx, s.control.client.XAck(ctx, s.config.Datasource, s.config.Group, done...).Err())
}
