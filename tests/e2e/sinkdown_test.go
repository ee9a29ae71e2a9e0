package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

const (
	alarmRate = 500 // a second
	quarter   = 30 * time.Second
)

// TestSinksDownUnderLoad keeps two targets of a rule away for the middle minute
// of two under load: an HTTP server, and a Mosquitto that is killed. Each gets
// every alarm, for the first time in order.
func TestSinksDownUnderLoad(t *testing.T) {
	t.Parallel()
	bus := servers.Mosquitto(t)
	b := stack.Bus{Type: "mqtt", Port: bus.Port}
	r := stack.NewRules(t, b)
	web := newWebSink(t)
	broker := newBrokerSink(t)

	stack.MustCall(t, 201, "POST", r.API+"/streams", `{"sql":"CREATE STREAM events () WITH (TYPE=\"edgex\", FORMAT=\"json\")"}`)
	stack.MustCall(t, 201, "POST", r.API+"/rules", fmt.Sprintf(`{"id":"seen","sql":"SELECT N FROM events WHERE N >= 0","actions":[
		{"rest":{"url":"http://%s/alarm","sendSingle":true}},{"mqtt":{"server":"tcp://%s","topic":"alarm","qos":1,"sendSingle":true}}]}`,
		web.addr, broker.front.Addr))
	client := busClient(t, b)
	stack.Eventually(t, func(context.Context) error {
		publish(t, client, 0)
		if !web.seen.begun() || !broker.seen.begun() {
			return fmt.Errorf("nothing comes through")
		}
		return nil
	})

	n := 0
	start := time.Now()
	for i := range 4 {
		switch i {
		case 1:
			web.stop()
			broker.stop(t)
		case 3:
			broker.start(t)
			web.start(t)
		}
		for end := start.Add(time.Duration(i+1) * quarter); time.Now().Before(end); {
			for due := int(time.Since(start).Seconds() * alarmRate); n < due; {
				n++
				publish(t, client, n)
			}
			time.Sleep(5 * time.Millisecond)
		}
		t.Logf("after %s: %d alarms, %d by rest, %d by mqtt", time.Since(start).Round(time.Second), n, web.seen.count(), broker.seen.count())
	}
	stack.Eventually(t, func(context.Context) error {
		if w, m := web.seen.count(), broker.seen.count(); w < n || m < n {
			return fmt.Errorf("of %d alarms %d came by rest and %d by mqtt; status %v", n, w, m, status(t, r))
		}
		return nil
	})
	t.Logf("all is there %s after the last alarm", time.Since(start.Add(4*quarter)).Round(100*time.Millisecond))
	for name, s := range map[string]*firsts{"rest": &web.seen, "mqtt": &broker.seen} {
		if s.wrong != "" {
			t.Errorf("%s: %s", name, s.wrong)
		}
		t.Logf("%s: %d alarms in order, 0 lost, %d twice", name, s.count(), s.twice)
	}
}

// firsts takes numbers, and sees that each comes for the first time behind the
// one before it.
type firsts struct {
	mu    sync.Mutex
	began bool // number 0 came, which shows that all works
	last  int
	twice int
	wrong string
}

func (f *firsts) take(payload []byte) {
	var row struct{ N int }
	err := json.Unmarshal(payload, &row)
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case err != nil:
		f.wrong = fmt.Sprintf("%q: %v", payload, err)
	case row.N == 0:
		f.began = true
	case row.N <= f.last:
		f.twice++
	default:
		if row.N > f.last+1 && f.wrong == "" {
			f.wrong = fmt.Sprintf("alarm %d came where %d was due", row.N, f.last+1)
		}
		f.last = row.N
	}
}

func (f *firsts) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

func (f *firsts) begun() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.began
}

// webSink is an HTTP server that can go away.
type webSink struct {
	addr   string
	seen   firsts
	server *http.Server
}

func newWebSink(t *testing.T) *webSink {
	w := &webSink{addr: fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t))}
	w.start(t)
	t.Cleanup(w.stop)
	return w
}

func (w *webSink) start(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", w.addr)
	if err != nil {
		t.Fatal(err)
	}
	w.server = &http.Server{Handler: w}
	go func(s *http.Server) { _ = s.Serve(l) }(w.server)
}

func (w *webSink) stop() { _ = w.server.Close() }

func (w *webSink) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	payload, err := io.ReadAll(r.Body)
	if err != nil {
		return // cut off: it comes again
	}
	w.seen.take(payload)
}

// brokerSink is a Mosquitto behind a door: when it comes back, its subscriber is
// there before the service is.
type brokerSink struct {
	broker     *servers.Process
	front      *servers.Link
	seen       firsts
	subscriber mqtt.Client
}

func newBrokerSink(t *testing.T) *brokerSink {
	b := &brokerSink{broker: servers.Mosquitto(t)}
	b.front = servers.NewLink(t, b.broker.Addr())
	b.subscribe(t)
	t.Cleanup(func() {
		b.front.Cut()
		b.subscriber.Disconnect(100)
	})
	return b
}

func (b *brokerSink) subscribe(t *testing.T) {
	t.Helper()
	b.subscriber = mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + b.broker.Addr()).SetAutoReconnect(false).SetOrderMatters(true))
	wait := func(k mqtt.Token) {
		if !k.WaitTimeout(stack.Patience) || k.Error() != nil {
			t.Fatalf("subscribe: %v", k.Error())
		}
	}
	wait(b.subscriber.Connect())
	wait(b.subscriber.Subscribe("alarm", 1, func(_ mqtt.Client, m mqtt.Message) { b.seen.take(m.Payload()) }))
}

// stop shuts the door, waits until the subscriber has what the broker took, and
// kills the broker.
func (b *brokerSink) stop(t *testing.T) {
	t.Helper()
	b.front.Cut()
	end := make(chan struct{})
	k := b.subscriber.Subscribe("end", 1, func(mqtt.Client, mqtt.Message) { close(end) })
	if !k.WaitTimeout(stack.Patience) || k.Error() != nil {
		t.Fatalf("subscribe: %v", k.Error())
	}
	b.subscriber.Publish("end", 1, false, "")
	select {
	case <-end:
	case <-time.After(stack.Patience):
		t.Fatal("the subscriber hears nothing")
	}
	b.broker.Kill()
	b.subscriber.Disconnect(0)
}

func (b *brokerSink) start(t *testing.T) {
	t.Helper()
	b.broker.Start(t)
	b.subscribe(t)
	b.front.Open(t)
}
