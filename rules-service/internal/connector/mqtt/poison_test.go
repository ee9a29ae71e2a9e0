package mqtt

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"sluice/rules-service/internal/connectortest"
	"sluice/rules-service/internal/delivery"
	"sluice/sqlengine/value"
)

// strict is a broker that closes the connection on topics with a space.
type strict struct {
	mu    sync.Mutex
	got   []string
	cuts  int
	conns sync.WaitGroup
}

func (b *strict) listen(t *testing.T) (url string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b.conns.Go(func() { b.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		b.conns.Wait()
	})
	return "tcp://" + l.Addr().String()
}

func (b *strict) serve(c net.Conn) {
	defer c.Close()
	for {
		p, err := packets.ReadPacket(c)
		if err != nil {
			return
		}
		switch p := p.(type) {
		case *packets.ConnectPacket:
			_ = packets.NewControlPacket(packets.Connack).Write(c)
		case *packets.PublishPacket:
			if !b.takes(p.TopicName) {
				return
			}
			ack := packets.NewControlPacket(packets.Puback).(*packets.PubackPacket)
			ack.MessageID = p.MessageID
			_ = ack.Write(c)
		}
	}
}

func (b *strict) takes(topic string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if strings.Contains(topic, " ") {
		b.cuts++
		return false
	}
	if !slices.Contains(b.got, topic) { // again after a cut
		b.got = append(b.got, topic)
	}
	return true
}

// A message that the broker cuts the connection on is dropped; the others
// arrive.
func TestPoisonTopic(t *testing.T) {
	b := &strict{}
	url := b.listen(t)
	pool := delivery.NewPool(registry(), connectortest.Quiet())
	target, err := pool.Open(delivery.Action{Rule: "r1", Type: "mqtt", Props: map[string]any{
		"server": url, "topic": "{{.t}}", "qos": 1, "sendSingle": true, "timeout": "20s",
	}})
	if err != nil {
		t.Fatal(err)
	}
	batch := &value.Batch{Schema: &value.Schema{Columns: []value.Column{{Name: "t"}}}}
	for _, topic := range []string{"a", "b c", "", "d/#", "e"} {
		batch.Rows = append(batch.Rows, value.Row{Cols: []value.Value{value.OfString(topic)}})
	}
	_ = target.Push(batch)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := target.Finish(ctx); err != nil {
		t.Errorf("messages wait for ever: %v", err)
	}
	s := target.Stats()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Equal(b.got, []string{"a", "e"}) || b.cuts > 4 || s.RecordsOut != 2 || s.Dropped != 3 {
		t.Errorf("arrived %v, %d cuts, %+v", b.got, b.cuts, s)
	}
}

func TestTopicsThatMQTTForbids(t *testing.T) {
	for _, topic := range []string{"", "a/+", "#", "a\x00", "a\xff", strings.Repeat("x", 65536)} {
		if checkTopic(topic) == nil {
			t.Errorf("%.20q (%d bytes) is taken", topic, len(topic))
		}
	}
	for _, topic := range []string{"a", "/", "a b", strings.Repeat("x", 65535)} {
		if err := checkTopic(topic); err != nil {
			t.Error(err)
		}
	}
}
