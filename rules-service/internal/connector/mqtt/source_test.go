package mqtt

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/tests/servers"
)

// limited is a context that ends a test which hangs.
func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func connectSource(t *testing.T, s connector.Source) {
	t.Helper()
	if err := s.Connect(limited(t)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
}

// readUntil reads until there are n messages.
func readUntil(t *testing.T, s connector.Source, n int) (payloads []string) {
	t.Helper()
	ctx := limited(t)
	for len(payloads) < n {
		msgs, ack, err := s.Read(ctx)
		if err != nil {
			t.Fatalf("after %d of %d messages: %v", len(payloads), n, err)
		}
		for _, m := range msgs {
			payloads = append(payloads, string(m.Payload))
		}
		if ack != nil {
			ack(nil)
		}
	}
	return payloads
}

func numbered(from, to int) (list []string) {
	for i := from; i < to; i++ {
		list = append(list, fmt.Sprint(i))
	}
	return list
}

func TestMessageThatEndsTheStream(t *testing.T) {
	url := "tcp://" + servers.Mosquitto(t).Addr()
	props := map[string]any{"datasource": "in", "server": url, "timeout": "20s", "eofMessage": base64.StdEncoding.EncodeToString([]byte("END"))}
	for name, before := range map[string][]string{"behind messages": {"1", "2"}, "at once": nil} {
		t.Run(name, func(t *testing.T) {
			s := openSource(t, registry(), props)
			connectSource(t, s)
			p := dial(t, url)
			for _, m := range append(slices.Clone(before), "END", "behind it") {
				done(t, p.Publish("in", 1, false, m))
			}
			var got []string
			ctx := limited(t)
			for {
				msgs, ack, err := s.Read(ctx)
				if errors.Is(err, connector.ErrEndOfInput) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range msgs {
					got = append(got, string(m.Payload))
				}
				ack(nil)
			}
			if !slices.Equal(got, before) {
				t.Errorf("got %v, want %v", got, before)
			}
			if _, _, err := s.Read(ctx); !errors.Is(err, connector.ErrEndOfInput) {
				t.Error("the end does not last:", err)
			}
		})
	}
}

// Who reads many sources with one goroutine is told whom there is something of:
// messages, the end of the stream, the end of the connection.
func TestNotify(t *testing.T) {
	broker := servers.Mosquitto(t)
	url := "tcp://" + broker.Addr()
	r := registry()
	ready := make(chan int, 1000)
	var list []connector.Source
	for i := range 3 {
		s := openSource(t, r, map[string]any{"datasource": fmt.Sprint("in/", i), "server": url, "timeout": "20s", "eofMessage": "RU5E"})
		s.(connector.Notifier).Notify(func() { ready <- i })
		list = append(list, s)
	}
	for _, s := range list {
		connectSource(t, s)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	// hear reads what there is, without waiting, until it was once the wanted.
	hear := func(source int, wanted func(payload string, err error) bool) {
		t.Helper()
		ctx := limited(t)
		for {
			select {
			case i := <-ready:
				msgs, _, err := list[i].Read(ended)
				if len(msgs) == 0 && errors.Is(err, context.Canceled) {
					continue // told twice
				}
				var payload string
				if len(msgs) > 0 {
					payload = string(msgs[0].Payload)
				}
				if i == source && wanted(payload, err) {
					return
				}
			case <-ctx.Done():
				t.Fatalf("nothing is heard of source %d", source)
			}
		}
	}
	p := dial(t, url)
	done(t, p.Publish("in/1", 1, false, "x"))
	hear(1, func(payload string, _ error) bool { return payload == "x" })
	done(t, p.Publish("in/2", 1, false, "y"))
	hear(2, func(payload string, _ error) bool { return payload == "y" })
	done(t, p.Publish("in/2", 1, false, "END"))
	hear(2, func(_ string, err error) bool { return errors.Is(err, connector.ErrEndOfInput) })
	broker.Kill()
	hear(0, func(_ string, err error) bool { return errors.Is(err, connector.ErrNotConnected) })
}

// Two services share what comes to a group: each message goes to one of them,
// and each of them gets its own in order.
func TestSharedSubscription(t *testing.T) {
	const n = 400
	url := "tcp://" + servers.Mosquitto(t).Addr()
	var mu sync.Mutex
	got := map[int][]string{}
	arrived := make(chan bool, n)
	for i := range 2 {
		s := openSource(t, registry(), map[string]any{"datasource": "$share/plant/in/+", "server": url, "qos": 1, "timeout": "20s"})
		connectSource(t, s)
		go func() {
			for {
				msgs, ack, err := s.Read(t.Context())
				if err != nil {
					return
				}
				mu.Lock()
				for _, m := range msgs {
					got[i] = append(got[i], string(m.Payload))
					if topic := m.Meta.Get("topic").Str(); topic != "in/a" {
						t.Error(topic)
					}
					arrived <- true
				}
				mu.Unlock()
				ack(nil)
			}
		}()
	}
	p := dial(t, url)
	for _, m := range numbered(1000, 1000+n) {
		done(t, p.Publish("in/a", 1, false, m))
	}
	ctx := limited(t)
	for range n {
		select {
		case <-arrived:
		case <-ctx.Done():
			t.Fatal("messages are missing")
		}
	}
	mu.Lock()
	defer mu.Unlock()
	all := slices.Concat(got[0], got[1])
	slices.Sort(all)
	if !slices.Equal(all, numbered(1000, 1000+n)) {
		t.Errorf("%d messages came, want %d", len(all), n)
	}
	for i, list := range got {
		if !slices.IsSorted(list) || len(list) < n/10 {
			t.Errorf("service %d got %d messages, in order: %v", i, len(list), slices.IsSorted(list))
		}
	}
}

// What comes while the service is away comes when it is back, once and in order.
func TestSessionWithQoS2(t *testing.T) {
	const n = 100
	url := "tcp://" + servers.Mosquitto(t).Addr()
	reg := registry()
	props := map[string]any{"datasource": "in/#", "server": url, "qos": 2, "clientid": "exact", "enableClientSession": true, "timeout": "20s"}
	p := dial(t, url)
	publish := func(from, to int) {
		for _, m := range numbered(from, to) {
			done(t, p.Publish("in/x", 2, false, m))
		}
	}
	s := openSource(t, reg, props)
	if err := s.Connect(limited(t)); err != nil {
		t.Fatal(err)
	}
	publish(0, n)
	if got := readUntil(t, s, n); !slices.Equal(got, numbered(0, n)) {
		t.Errorf("connected: %v", got)
	}
	if err := s.(connector.Suspender).Suspend(limited(t)); err != nil {
		t.Fatal(err)
	}
	publish(n, 2*n)
	s = openSource(t, reg, props)
	connectSource(t, s)
	publish(2*n, 3*n)
	if got := readUntil(t, s, 2*n); !slices.Equal(got, numbered(n, 3*n)) {
		t.Errorf("back again: %v", got)
	}
}

// Overlapping topics of one stream bring what the broker sends, not more: it may
// send a message once for each of them.
func TestOverlappingTopicsOfOneStream(t *testing.T) {
	url := "tcp://" + servers.Mosquitto(t).Addr()
	s := openSource(t, registry(), map[string]any{"datasource": "in/+, in/#, in/a", "server": url, "timeout": "20s"})
	connectSource(t, s)
	p := dial(t, url)
	done(t, p.Publish("in/a", 1, false, "x"))
	done(t, p.Publish("in/end", 1, false, "end"))
	got := map[string]int{}
	for got["end"] == 0 {
		for _, m := range readUntil(t, s, 1) {
			got[m]++
		}
	}
	if got["x"] < 1 || got["x"] > 3 {
		t.Errorf("one message came %d times by three topics", got["x"])
	}
}

// A source that nobody reads holds up neither the connection nor the others on
// it; what does not fit is counted.
func TestSourceThatNobodyReads(t *testing.T) {
	url := "tcp://" + servers.Mosquitto(t).Addr()
	r := registry()
	slow := openSource(t, r, map[string]any{"datasource": "slow", "server": url, "qos": 0, "timeout": "20s"})
	quick := openSource(t, r, map[string]any{"datasource": "quick", "server": url, "qos": 1, "timeout": "20s"})
	connectSource(t, slow)
	connectSource(t, quick)
	if slow.(*source).client != quick.(*source).client {
		t.Fatal("they have not one connection")
	}
	p := dial(t, url)
	payload := make([]byte, 1<<20)
	for range 80 { // more than the 64 MiB that may wait
		done(t, p.Publish("slow", 1, false, payload))
	}
	done(t, p.Publish("quick", 1, false, "x"))
	if got := readUntil(t, quick, 1); got[0] != "x" {
		t.Error(got)
	}
	if n := slow.(interface{ Dropped() uint64 }).Dropped(); n < 10 || n > 20 {
		t.Errorf("%d of 80 messages were dropped", n)
	}
}

func TestSourceConfig(t *testing.T) {
	info, err := registry().Source("mqtt")
	if err != nil {
		t.Fatal(err)
	}
	for want, props := range map[string]map[string]any{
		`5 is not supported; brokers of MQTT 5 take 3.1.1`:           {"protocolVersion": 5.0},
		`property "sessionExpiryIntervalSeconds": not supported yet`: {"sessionExpiryIntervalSeconds": 10.0},
		`property "eofMessage" is not base64`:                        {"eofMessage": "%"},
		`a shared subscription is written $share/GROUP/TOPIC`:        {"datasource": "$share/plant"},
		`a session that is kept needs a client id`:                   {"enableClientSession": true},
		`there are 0, 1 and 2, not 3`:                                {"qos": 3.0},
		`there are tcp, ssl, ws and wss`:                             {"server": "http://h"},
	} {
		if props["datasource"] == nil {
			props["datasource"] = "a"
		}
		if _, err := info.Decode(props, connectortest.Quiet()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	c, err := info.Decode(map[string]any{"datasource": "a", "clientStatePath": "/tmp/state"}, connectortest.Quiet())
	if err != nil || len(c.Warnings) != 1 || c.Warnings[0] != `property "clientStatePath" has no effect; leave it out` {
		t.Errorf("%v, %v", c, err)
	}
	group := func(props map[string]any) string {
		t.Helper()
		props["datasource"] = "a"
		c, err := info.Decode(props, connectortest.Quiet())
		if err != nil {
			t.Fatal(err)
		}
		return c.Group
	}
	plain := group(map[string]any{})
	if plain == "" || plain != group(map[string]any{"qos": 2.0, "rootCaPath": "/none"}) {
		t.Error("sources of one connection are no group")
	}
	if plain == group(map[string]any{"password": "x"}) || group(map[string]any{"server": "ssl://h", "rootCaPath": "/a"}) == group(map[string]any{"server": "ssl://h"}) {
		t.Error("sources of several connections are a group")
	}
}
