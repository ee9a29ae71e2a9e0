package mqtt

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"sluice/rules-service/internal/connector"
)

// frozen is a broker that reads no more once it is connected to.
func frozen(t *testing.T) (url string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	over := make(chan struct{})
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				defer c.Close()
				if _, err := packets.ReadPacket(c); err == nil {
					_ = packets.NewControlPacket(packets.Connack).Write(c)
				}
				<-over
			})
		}
	})
	t.Cleanup(func() {
		close(over)
		_ = l.Close()
		work.Wait()
	})
	return "tcp://" + l.Addr().String()
}

// A broker that takes nothing any more does not hold a worker for longer than
// the timeout, several times over at most, nor does it when the worker ends.
func TestFrozenBroker(t *testing.T) {
	const timeout = 500 * time.Millisecond
	url := frozen(t)
	s := openSink(t, registry(), map[string]any{"server": url, "topic": "out", "qos": 1, "timeout": timeout.String(), "keepAlive": "1h"})
	if err := s.Connect(limited(t)); err != nil {
		t.Fatal(err)
	}
	msgs := make([]connector.Outbound, 256)
	for i := range msgs {
		msgs[i].Payload = make([]byte, 256<<10) // more than the buffers of the connection
	}
	start := time.Now()
	if err := s.Write(limited(t), msgs); err == nil {
		t.Error("a broker that is frozen takes messages")
	}
	if err := s.Close(context.Background()); err != nil {
		t.Error(err)
	}
	// Without limits it is one timeout for each message, or 30 s of the client's.
	if took := time.Since(start); took > 20*timeout {
		t.Errorf("it took %v", took)
	} else {
		t.Log(took)
	}
}
