package bench

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// message is about 150 bytes of JSON. One message in ten has a temperature
// over 90; ts is when it was made.
func message(seq int) []byte {
	return fmt.Appendf(nil, `{"device":"boiler-%02d","temperature":%d.5,"humidity":41,"pressure":5.25,"line":"hall-1","status":"running","seq":%d,"ts":%d}`,
		seq%50, 46+seq%10*5, seq, time.Now().UnixNano())
}

// load publishes messages and collects what comes out.
type load struct {
	client  mqtt.Client
	topic   string // to publish on
	make    func(seq int) []byte
	out     atomic.Int64 // messages on topicOut
	lat     []time.Duration
	arrived chan struct{} // a token whenever something came
}

func newLoad(b *testing.B, broker string) *load {
	b.Helper()
	l := &load{topic: topicIn, make: message, arrived: make(chan struct{}, 1)}
	o := mqtt.NewClientOptions().AddBroker(broker).SetClientID("load").SetOrderMatters(true)
	l.client = mqtt.NewClient(o)
	await(b, l.client.Connect())
	b.Cleanup(func() { l.client.Disconnect(100) })
	await(b, l.client.Subscribe(topicOut, 0, l.take))
	return l
}

func await(b *testing.B, t mqtt.Token) {
	b.Helper()
	if !t.WaitTimeout(10*time.Second) || t.Error() != nil {
		b.Fatalf("mqtt: %v", t.Error())
	}
}

// take runs on paho's one goroutine for ordered messages.
func (l *load) take(_ mqtt.Client, m mqtt.Message) {
	if made, ok := timestamp(m.Payload()); ok {
		l.lat = append(l.lat, time.Since(time.Unix(0, made)))
	}
	l.out.Add(1)
	select {
	case l.arrived <- struct{}{}:
	default:
	}
}

func timestamp(payload []byte) (int64, bool) {
	_, rest, ok := bytes.Cut(payload, []byte(`"ts":`))
	if !ok {
		return 0, false
	}
	end := bytes.IndexAny(rest, ",}")
	if end < 0 {
		return 0, false
	}
	n, err := strconv.ParseFloat(string(rest[:end]), 64)
	return int64(n), err == nil
}

// paced publishes at a steady rate for a while and returns how many.
func (l *load) paced(rate int, d time.Duration) int {
	const step = 2 * time.Millisecond
	tick := time.NewTicker(step)
	defer tick.Stop()
	n, start := 0, time.Now()
	for since := time.Duration(0); since < d; {
		<-tick.C
		since = time.Since(start)
		for ; n < int(since.Seconds()*float64(rate)); n++ {
			l.client.Publish(l.topic, 0, false, l.make(n))
		}
	}
	return n
}

// flood publishes n messages as fast as the broker takes them.
func (l *load) flood(n int) {
	for i := range n {
		l.client.Publish(l.topic, 0, false, l.make(i)).Wait()
	}
}

// drained waits until want messages came out, or nothing came for 3 seconds.
func (l *load) drained(want int) int {
	quiet := time.NewTimer(3 * time.Second)
	defer quiet.Stop()
	for int(l.out.Load()) < want {
		quiet.Reset(3 * time.Second)
		select {
		case <-l.arrived:
		case <-quiet.C:
			return int(l.out.Load())
		}
	}
	return int(l.out.Load())
}

// p99 of the latencies seen so far, which it forgets.
func (l *load) p99() time.Duration {
	if len(l.lat) == 0 {
		return 0
	}
	slices.Sort(l.lat)
	p := l.lat[len(l.lat)*99/100]
	l.lat = nil
	return p
}
