package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/sqlengine/value"
	"sluice/tests/servers"
)

func TestSinkConformance(t *testing.T) {
	whole, p := t, servers.Redis(t)
	c := direct(t, p)
	lists := func(t *testing.T) []string {
		got, err := c.LRange(t.Context(), "k", 0, -1).Result()
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(got) // LPUSH puts the last one in front
		return got
	}
	entries := func(t *testing.T) (list []string) {
		got, err := c.XRange(t.Context(), "k", "-", "+").Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range got {
			list = append(list, e.Values["row"].(string))
		}
		return list
	}
	for name, c := range map[string]struct {
		props    map[string]any
		received func(*testing.T) []string
	}{
		"list":   {map[string]any{"key": "k", "dataType": "list"}, lists},
		"stream": {map[string]any{"key": "k", "dataType": "stream", "payloadField": "row"}, entries},
	} {
		t.Run(name, func(t *testing.T) {
			admin := direct(t, p)
			do(t, admin, "FLUSHALL")
			do(t, admin, "SET", "wrong", "x")
			bad := connectortest.Rows(t, map[string]string{"key": "wrong"}, `{"bad":1}`)
			h := connectortest.Sink{
				New: func(t *testing.T) connector.Sink { return openSink(t, "redis", at(p, c.props)) },
				Message: func(text string) connector.Outbound {
					return connectortest.Rows(t, map[string]string{"key": "k"}, text)
				},
				Received: c.received,
				Bad:      &bad,
				Break:    func(*testing.T) { p.Kill() },
			}
			h.Mend = func(*testing.T) { p.Start(whole) }
			h.Run(t)
		})
	}
}

func TestPublisherConformance(t *testing.T) {
	p := servers.Redis(t)
	var got []string
	s := openSource(t, "redisSub", at(p, map[string]any{"channels": []any{"c"}}))
	take := func(t *testing.T) []string {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		for {
			msgs, _, err := s.Read(ctx)
			if errors.Is(err, connector.ErrNotConnected) {
				_ = s.Connect(t.Context())
			}
			if err != nil {
				return got
			}
			for _, m := range msgs {
				got = append(got, string(m.Payload))
			}
		}
	}
	h := connectortest.Sink{
		New: func(t *testing.T) connector.Sink {
			if err := s.Connect(t.Context()); err != nil {
				t.Fatal(err)
			}
			return openSink(t, "redisPub", map[string]any{"address": p.Addr(), "channel": "c", "timeout": "20s"})
		},
		Received: take,
	}
	h.Run(t)
}

func TestSubscriberConformance(t *testing.T) {
	p := servers.Redis(t)
	for name, channel := range map[string]string{"channel": "plant", "pattern": "pl*"} {
		t.Run(name, func(t *testing.T) {
			c := direct(t, p)
			h := connectortest.Source{
				New: func(t *testing.T) connector.Source {
					return openSource(t, "redisSub", map[string]any{"address": p.Addr(), "channels": []any{channel, "other"}, "timeout": "20s"})
				},
				Send: func(t *testing.T, payloads ...string) {
					for _, text := range payloads {
						do(t, c, "PUBLISH", "plant", text)
					}
				},
				Break: func(*testing.T) { p.Kill() },
				Mend:  func(*testing.T) { p.Start(t) },
			}
			h.Run(t)
		})
		if t.Failed() {
			return
		}
		p.Kill()
		p.Start(t)
	}
}

func TestStreamConformance(t *testing.T) {
	p := servers.Redis(t)
	c := direct(t, p)
	n := 0
	h := connectortest.Source{
		New: func(t *testing.T) connector.Source {
			n++
			return openSource(t, "redisStream", at(p, map[string]any{"datasource": fmt.Sprint("s", n), "start": "0", "payloadField": "p"}))
		},
		Send: func(t *testing.T, payloads ...string) {
			for _, text := range payloads {
				do(t, c, "XADD", fmt.Sprint("s", n), "*", "p", text)
			}
		},
		Break: func(*testing.T) { p.Kill() },
		Mend:  func(*testing.T) { p.Start(t) },
		Acks:  true,
	}
	h.Run(t)
}

func TestLookupConformance(t *testing.T) {
	p := servers.Redis(t)
	fill := func(t *testing.T, rows []*value.Fields) {
		c := direct(t, p)
		for _, r := range rows {
			text, err := value.OfObject(r).AppendJSON(nil)
			if err != nil {
				t.Fatal(err)
			}
			id, err := keyIn(r, "id")
			if err != nil {
				t.Fatal(err)
			}
			do(t, c, "SET", "machine:"+id, text)
		}
	}
	h := connectortest.Lookup{
		New: func(t *testing.T) connector.Lookup {
			return openLookup(t, at(p, map[string]any{"dataType": "string", "key": "id", "keyPrefix": "machine:", "datasource": "0"}))
		},
		Key:   "id",
		Fill:  fill,
		Break: func(*testing.T) { p.Kill() },
		Mend: func(t2 *testing.T) {
			p.Start(t)
			fill(t2, connectortest.LookupRows())
		},
	}
	h.Run(t)
}

// Each data type is written with its command, deleted with its own, and keeps
// what it should.
func TestDataTypes(t *testing.T) {
	p := servers.Redis(t)
	c := direct(t, p)
	for _, step := range []struct {
		props map[string]any
		rows  []string
		ask   []any
		want  any
	}{
		{map[string]any{"field": "id"}, []string{`{"id":7,"n":1.5}`}, []any{"GET", "7"}, `{"id":7,"n":1.5}`},
		{map[string]any{"key": "a", "rowkindField": "kind"}, []string{`{"n":1}`, `{"n":2,"kind":"update"}`}, []any{"GET", "a"}, `{"n":2}`},
		{map[string]any{"key": "a", "rowkindField": "kind"}, []string{`{"n":2,"kind":"delete"}`}, []any{"EXISTS", "a"}, int64(0)},
		{map[string]any{"keyType": "multiple"}, []string{`{"m1":1,"m2":"text","m3":{"a":[1]}}`}, []any{"MGET", "m1", "m2", "m3"}, []any{"1", "text", `{"a":[1]}`}},
		{map[string]any{"key": "l", "dataType": "list", "rowkindField": "kind"}, []string{`{"n":1}`, `{"n":2}`, `{"kind":"delete"}`, `{"n":3}`}, []any{"LRANGE", "l", "0", "-1"}, []any{`{"n":3}`, `{"n":1}`}},
		{map[string]any{"keyType": "multiple", "dataType": "list"}, []string{`{"x":1}`, `{"x":2}`}, []any{"LRANGE", "x", "0", "-1"}, []any{"2", "1"}},
		{map[string]any{"key": "s", "dataType": "set", "rowkindField": "kind"}, []string{`{"n":1}`, `{"n":1}`, `{"n":2}`, `{"n":1,"kind":"delete"}`}, []any{"SMEMBERS", "s"}, []any{`{"n":2}`}},
		{map[string]any{"key": "h", "dataType": "hash"}, []string{`{"a":1,"b":null}`, `{"b":"x"}`}, []any{"HGETALL", "h"}, []any{"a", "1", "b", "x"}},
		{map[string]any{"key": "e", "expiration": 100}, []string{`{"a":1}`}, []any{"TTL", "e"}, int64(100)},
		{map[string]any{"key": "eh", "dataType": "hash", "expiration": 100}, []string{`{"a":1}`}, []any{"TTL", "eh"}, int64(100)},
		{map[string]any{"key": "st", "dataType": "stream", "maxLength": 1}, []string{`{"a":1,"b":"y"}`}, []any{"XLEN", "st"}, int64(1)},
	} {
		s := openSink(t, "redis", at(p, step.props))
		if err := s.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		key, _ := step.props["key"].(string)
		if err := s.Write(t.Context(), []connector.Outbound{connectortest.Rows(t, map[string]string{"key": key}, step.rows...)}); err != nil {
			t.Errorf("%v: %v", step.props, err)
			continue
		}
		if got := do(t, c, step.ask...); fmt.Sprint(got) != fmt.Sprint(step.want) {
			t.Errorf("%v: %v, want %v", step.props, got, step.want)
		}
	}
}

// One database is not another.
func TestDatabaseNumber(t *testing.T) {
	p := servers.Redis(t)
	s := openSink(t, "redis", at(p, map[string]any{"key": "a", "db": 3}))
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), []connector.Outbound{connectortest.Rows(t, map[string]string{"key": "a"}, `{"n":1}`)}); err != nil {
		t.Fatal(err)
	}
	l := openLookup(t, at(p, map[string]any{"dataType": "string", "datasource": "3"}))
	if err := l.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := l.Find(t.Context(), []string{"id"}, []value.Value{value.OfString("a")})
	if err != nil || len(rows) != 1 || rows[0].Get("id").Str() != "a" || rows[0].Get("n").Float() != 1 {
		t.Errorf("%v %v", rows, err)
	}
}

// Lists of rows and hashes are tables too; what is no object is told.
func TestLookupTypes(t *testing.T) {
	p := servers.Redis(t)
	c := direct(t, p)
	do(t, c, "RPUSH", "l", `{"n":1,"site":"a"}`, `{"n":2,"site":"b"}`, `{"n":3,"site":"a"}`)
	do(t, c, "HSET", "h", "n", "5", "site", "a")
	do(t, c, "SET", "s", "no object")
	find := func(kind string, columns []string, values ...value.Value) (string, error) {
		l := openLookup(t, at(p, map[string]any{"dataType": kind, "key": "id"}))
		if err := l.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		rows, err := l.Find(t.Context(), columns, values)
		var list []string
		for _, r := range rows {
			n, _ := text(r.Get("n"))
			list = append(list, n)
		}
		return strings.Join(list, " "), err
	}
	text := value.OfString
	for _, q := range []struct {
		kind    string
		columns []string
		values  []value.Value
		want    string
		err     string
	}{
		{"list", []string{"id"}, []value.Value{text("l")}, "1 2 3", ""},
		{"list", []string{"site", "id"}, []value.Value{text("a"), text("l")}, "1 3", ""},
		{"list", []string{"id"}, []value.Value{text("none")}, "", ""},
		{"hash", []string{"id", "n"}, []value.Value{text("h"), value.OfInt(5)}, "5", ""},
		{"hash", []string{"id", "n"}, []value.Value{text("h"), value.OfInt(6)}, "", ""},
		{"hash", []string{"id"}, []value.Value{text("none")}, "", ""},
		{"string", []string{"id"}, []value.Value{text("none")}, "", ""},
		{"string", []string{"id"}, []value.Value{text("s")}, "", "key s: parse json"},
		{"string", []string{"id"}, []value.Value{text("l")}, "", "WRONGTYPE"},
		{"string", []string{"site"}, []value.Value{text("a")}, "", `does not compare the column "id"`},
	} {
		got, err := find(q.kind, q.columns, q.values...)
		if got != q.want || (err == nil) != (q.err == "") || err != nil && !strings.Contains(err.Error(), q.err) {
			t.Errorf("%s %v = %v: %q, %v", q.kind, q.columns, q.values, got, err)
		}
	}
}

// receive reads so many messages and returns their payloads with acknowledgements.
func receive(t testing.TB, s connector.Source, n int) (list []string, acks []func(error)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for len(list) < n {
		msgs, ack, err := s.Read(ctx)
		if err != nil {
			t.Fatalf("after %q: %v", list, err)
		}
		for _, m := range msgs {
			list = append(list, string(m.Payload))
		}
		acks = append(acks, ack)
	}
	return list, acks
}

func streamOf(t testing.TB, p *servers.Process, consumer string, more map[string]any) connector.Source {
	t.Helper()
	props := at(p, map[string]any{"datasource": "s", "start": "0", "payloadField": "p", "group": "g", "consumer": consumer})
	for k, v := range more {
		props[k] = v
	}
	s := openSource(t, "redisStream", props)
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// What the rules have not taken comes again: when they say so, and to the next
// reader; what they have, never.
func TestStreamAtLeastOnce(t *testing.T) {
	p := servers.Redis(t)
	c := direct(t, p)
	for i := range 6 {
		do(t, c, "XADD", "s", "*", "p", fmt.Sprint(i))
	}
	s := streamOf(t, p, "one", nil)
	got, acks := receive(t, s, 6)
	if len(acks) != 1 || strings.Join(got, "") != "012345" {
		t.Fatal(got)
	}
	do(t, c, "XADD", "s", "*", "p", "6")
	_, later := receive(t, s, 1)
	acks[0](errors.New("no"))
	got, acks = receive(t, s, 6)
	if strings.Join(got, "") != "012345" {
		t.Fatalf("%q came again", got)
	}
	acks[0](nil)
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	s = streamOf(t, p, "one", nil)
	got, acks = receive(t, s, 1)
	if strings.Join(got, "") != "6" {
		t.Fatalf("%q came to the next reader", got)
	}
	acks[0](nil)
	later[0](nil) // of a reader that is gone
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	pending, err := c.XPending(t.Context(), "s", "g").Result()
	if err != nil || pending.Count != 0 {
		t.Errorf("%+v %v", pending, err)
	}
}

// Acknowledgements reach the server without further entries.
func TestStreamAcknowledges(t *testing.T) {
	p := servers.Redis(t)
	c := direct(t, p)
	do(t, c, "XADD", "s", "*", "p", "0")
	s := streamOf(t, p, "one", nil)
	_, acks := receive(t, s, 1)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, _, err := s.Read(ctx)
		ended <- err
	}()
	acks[0](nil)
	waiting, done := context.WithTimeout(t.Context(), patience)
	defer done()
	if err := servers.Poll(waiting, func(ctx context.Context) error {
		pending, err := c.XPending(ctx, "s", "g").Result()
		if err == nil && pending.Count != 0 {
			err = errors.New("not acknowledged")
		}
		return err
	}); err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Entries of a consumer that is gone are taken over; two that are there share.
func TestStreamTakesOver(t *testing.T) {
	p := servers.Redis(t)
	c := direct(t, p)
	for i := range 3 {
		do(t, c, "XADD", "s", "*", "p", fmt.Sprint(i))
	}
	gone := streamOf(t, p, "gone", nil)
	receive(t, gone, 3)
	if err := gone.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := streamOf(t, p, "two", map[string]any{"claimAfter": "50ms"})
	if got, _ := receive(t, s, 3); strings.Join(got, "") != "012" {
		t.Errorf("%q", got)
	}
}

// A server that cannot hand over entries is read all the same.
func TestStreamOfOlderServer(t *testing.T) {
	p := servers.Redis(t, "--rename-command", "XAUTOCLAIM", "")
	do(t, direct(t, p), "XADD", "s", "*", "p", "0")
	if got, _ := receive(t, streamOf(t, p, "one", map[string]any{"claimAfter": "1ms"}), 1); got[0] != "0" {
		t.Error(got)
	}
}

// Deleted entries and those without the payload are passed by.
func TestStreamPassesBy(t *testing.T) {
	p := servers.Redis(t)
	c := direct(t, p)
	id := do(t, c, "XADD", "s", "*", "p", "deleted")
	do(t, c, "XADD", "s", "*", "other", "x")
	do(t, c, "XADD", "s", "*", "p", "kept")
	s := streamOf(t, p, "one", nil)
	receive(t, s, 2)
	do(t, c, "XDEL", "s", id)
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	s = streamOf(t, p, "one", nil)
	got, acks := receive(t, s, 1)
	if strings.Join(got, "") != "kept" {
		t.Errorf("%q", got)
	}
	acks[0](nil)
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	pending, err := c.XPending(t.Context(), "s", "g").Result()
	if err != nil || pending.Count != 0 {
		t.Errorf("%+v %v", pending, err)
	}
}

// Entries that were read when the connection was lost come to the rules after
// all, and are not acknowledged before.
func TestStreamLosesNothingThatItRead(t *testing.T) {
	p := servers.Redis(t)
	c := direct(t, p)
	do(t, c, "XADD", "s", "*", "p", "kept")
	do(t, c, "XADD", "s", "*", "other", "acknowledged at once")
	s := streamOf(t, p, "one", nil)
	_ = s.(*stream).control.client.Close()
	if msgs, _, err := s.Read(t.Context()); err == nil {
		t.Fatalf("%d messages without a connection for acknowledgements", len(msgs))
	}
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, acks := receive(t, s, 1)
	if strings.Join(got, "") != "kept" {
		t.Errorf("%q", got)
	}
	acks[0](nil)
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	pending, err := c.XPending(t.Context(), "s", "g").Result()
	if err != nil || pending.Count != 0 {
		t.Errorf("%+v %v", pending, err)
	}
}

// Fields of entries are columns, of the types that the stream declares.
func TestStreamFields(t *testing.T) {
	p := servers.Redis(t)
	sink := openSink(t, "redis", at(p, map[string]any{"key": "s", "dataType": "stream"}))
	if err := sink.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := sink.Write(t.Context(), []connector.Outbound{connectortest.Rows(t, map[string]string{"key": "s"}, `{"device":"pump","temperature":21.5,"on":true}`)}); err != nil {
		t.Fatal(err)
	}
	conf, err := decodeSource("redisStream", at(p, map[string]any{"datasource": "s", "start": "0"}))
	if err != nil {
		t.Fatal(err)
	}
	if conf.Format != "texts" || !conf.Durable {
		t.Errorf("%+v", conf)
	}
	s := openSource(t, "redisStream", at(p, map[string]any{"datasource": "s", "start": "0"}))
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	msgs, _, err := s.Read(t.Context())
	if err != nil || len(msgs) != 1 {
		t.Fatal(len(msgs), err)
	}
	rows, err := codec.ParseRows(msgs[0].Payload)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := value.OfObject(rows[0]).AppendJSON(nil); string(got) != `{"device":"pump","on":"true","temperature":"21.5"}` {
		t.Errorf("%s", got)
	}
	if m := msgs[0].Meta; m.Get("stream").Str() != "s" || !strings.Contains(m.Get("id").Str(), "-") || !m.Get("x").IsMissing() || len(m.All().Object().Names) != 2 {
		t.Errorf("%v", m.All())
	}
}

// A stream that is deleted is made again.
func TestStreamIsDeleted(t *testing.T) {
	p := servers.Redis(t)
	c := direct(t, p)
	s := streamOf(t, p, "one", nil)
	do(t, c, "DEL", "s")
	if _, _, err := s.Read(t.Context()); err == nil || !strings.Contains(err.Error(), "NOGROUP") && !strings.Contains(err.Error(), "UNBLOCKED") {
		t.Errorf("%v", err)
	}
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	do(t, c, "XADD", "s", "*", "p", "new")
	if got, _ := receive(t, s, 1); got[0] != "new" {
		t.Error(got)
	}
}

// meta(channel) is where a message came from.
func TestChannelMeta(t *testing.T) {
	p := servers.Redis(t)
	s := openSource(t, "redisSub", at(p, map[string]any{"datasource": "alarms.*"}))
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	do(t, direct(t, p), "PUBLISH", "alarms.pump", "x")
	msgs, ack, err := s.Read(t.Context())
	if err != nil || ack != nil || len(msgs) != 1 {
		t.Fatal(len(msgs), err)
	}
	if m := msgs[0].Meta; m.Get("channel").Str() != "alarms.pump" || !m.Get("x").IsMissing() || m.All().Object().Get("channel").Str() != "alarms.pump" {
		t.Errorf("%v", m.All())
	}
}
