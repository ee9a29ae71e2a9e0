package broker

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

func start(t *testing.T, dir string) *Broker {
	t.Helper()
	b, err := Start(Options{Name: "test", Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func dial(t *testing.T, b *Broker, id string) mqtt.Client {
	t.Helper()
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + b.Addr()).SetClientID(id).SetAutoReconnect(false))
	done(t, "connect", c.Connect())
	t.Cleanup(func() { c.Disconnect(0) })
	return c
}

func done(t *testing.T, what string, token mqtt.Token) {
	t.Helper()
	if !token.WaitTimeout(time.Minute) {
		t.Fatalf("%s: no answer", what)
	}
	if err := token.Error(); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func receive(t *testing.T, c mqtt.Client, topic string) <-chan string {
	t.Helper()
	got := make(chan string, 10)
	done(t, "subscribe", c.Subscribe(topic, 1, func(_ mqtt.Client, m mqtt.Message) { got <- string(m.Payload()) }))
	return got
}

func expect(t *testing.T, got <-chan string, want string) {
	t.Helper()
	select {
	case s := <-got:
		if s != want {
			t.Fatalf("got %q, want %q", s, want)
		}
	case <-time.After(time.Minute):
		t.Fatalf("no message, want %q", want)
	}
}

func TestMessagesOfEveryQosArriveInOrder(t *testing.T) {
	b := start(t, t.TempDir())
	got := receive(t, dial(t, b, "reader"), "edgex/events/#")
	writer := dial(t, b, "writer")
	for qos, text := range []string{"zero", "one", "two"} {
		done(t, "publish", writer.Publish("edgex/events/device/boiler-1", byte(qos), false, text))
		expect(t, got, text)
	}
}

func TestRetainedMessageSurvivesRestart(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	done(t, "publish", dial(t, b, "writer").Publish("plant/state", 1, true, "on"))
	retained(t, b, "plant/state", "on") // the broker stores it after it has acknowledged it
	b.Close()
	retained(t, start(t, dir), "plant/state", "on")
}

// retained subscribes anew until the retained message is there.
func retained(t *testing.T, b *Broker, topic, want string) {
	t.Helper()
	for i := range 20 {
		select {
		case s := <-receive(t, dial(t, b, fmt.Sprint("reader", i)), topic):
			if s != want {
				t.Fatalf("got %q, want %q", s, want)
			}
			return
		case <-time.After(3 * time.Second):
		}
	}
	t.Fatalf("%s: no retained message", topic)
}

func TestOnlyTheMQTTPortListens(t *testing.T) {
	b := start(t, t.TempDir())
	if host, _, _ := net.SplitHostPort(b.Addr()); host != "127.0.0.1" {
		t.Errorf("listens on %s", host)
	}
	if b.server.Addr() != nil {
		t.Errorf("NATS clients are served on %v", b.server.Addr())
	}
}

func TestTakenPortIsTheReason(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = Start(Options{Name: "test", Dir: t.TempDir(), Port: l.Addr().(*net.TCPAddr).Port})
	if err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("error %v", err)
	}
}

func TestNoFolder(t *testing.T) {
	if _, err := Start(Options{Name: "test"}); err == nil {
		t.Error("started without a folder")
	}
}
