package twin

import (
	"log/slog"
	"net"
	"testing"
	"time"
)

// A broker that takes the connection and says nothing does not hold up the end.
func TestCloseBesideASilentBroker(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := DialMQTT(MQTTConfig{Server: "tcp://" + l.Addr().String(), ClientID: "bridge"}, nil, slog.New(slog.DiscardHandler))
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	m.Close()
	if took := time.Since(began); took > brokerWithin/2 {
		t.Errorf("the end took %v", took)
	}
	if err := c.Close(); err != nil { // frees who still waits for its answer
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
