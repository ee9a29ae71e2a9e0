package twin

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/google/uuid"
)

// MQTTConfig says how the broker of KubeEdge's edge is reached.
type MQTTConfig struct {
	Server             string // tcp://127.0.0.1:1883 or ssl://…
	ClientID           string
	Username, Password string
	TLS                *tls.Config // nil for tcp
	// Node is the node whose devices are asked for, beside those that devices name.
	Node string
	// AnswerWithin is how long an answer to a report may take.
	AnswerWithin time.Duration
}

const (
	firstPause, longestPause = 500 * time.Millisecond, 15 * time.Second
	// answerWithin is enough for an edgecore that lives.
	answerWithin = 10 * time.Second
	// brokerWithin is how long the broker may take to answer.
	brokerWithin = 10 * time.Second
	// outgoingLimit is how many messages may wait for the broker to take them,
	// beside the perDevice that a new connection has for each device.
	outgoingLimit, perDevice = 4096, 4
)

// MQTT is the transport over the broker of KubeEdge's edge.
type MQTT struct {
	config MQTTConfig
	twins  Twins
	log    *slog.Logger
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup
	wake   chan struct{}

	mu        sync.Mutex
	connected bool
	watched   map[string]Device // by id
	flights   map[string]*flight
	outgoing  []outgoing
	garbled   bool // a message that could not be read was logged
}

type outgoing struct {
	topic   string
	payload []byte
}

// flight is a report that edgecore has not answered.
type flight struct {
	id    string // of the device
	done  func(error)
	timer *time.Timer
}

// DialMQTT returns a transport that connects, and connects again, by itself.
func DialMQTT(c MQTTConfig, twins Twins, log *slog.Logger) *MQTT {
	if c.AnswerWithin == 0 {
		c.AnswerWithin = answerWithin
	}
	m := &MQTT{config: c, twins: twins, log: log, wake: make(chan struct{}, 1), watched: map[string]Device{}, flights: map[string]*flight{}}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.work.Go(m.run)
	return m
}

// Close ends the connection.
func (m *MQTT) Close() {
	m.cancel()
	m.work.Wait()
	m.ground(ErrNotConnected, func(*flight) bool { return true })
}

// run keeps a connection. Each is a client of its own, so that none sends what
// an earlier one had not finished.
func (m *MQTT) run() {
	pause, down := firstPause, false
	for m.ctx.Err() == nil {
		conn, lost, err := m.dial()
		if err == nil {
			m.log.Info("connected to the broker of KubeEdge", "server", m.config.Server)
			pause, down = firstPause, false
			m.greet()
			err = m.serve(conn, lost)
			m.disconnected()
			conn.Disconnect(uint(100))
		}
		if m.ctx.Err() != nil {
			return
		}
		if !down {
			down = true
			m.log.Warn("not connected to the broker of KubeEdge; it is tried again", "server", m.config.Server, "error", err)
		}
		select {
		case <-m.ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, longestPause)
	}
}

func (m *MQTT) dial() (paho.Client, <-chan error, error) {
	lost := make(chan error, 1)
	o := paho.NewClientOptions().AddBroker(m.config.Server).SetClientID(m.config.ClientID).
		SetUsername(m.config.Username).SetPassword(m.config.Password).
		SetKeepAlive(10 * time.Second).SetConnectTimeout(brokerWithin).SetWriteTimeout(brokerWithin).
		SetAutoReconnect(false).SetConnectRetry(false).SetCleanSession(true).SetOrderMatters(true).
		SetDefaultPublishHandler(func(_ paho.Client, q paho.Message) { m.take(q.Topic(), q.Payload()) }).
		SetConnectionLostHandler(func(_ paho.Client, err error) {
			select {
			case lost <- err:
			default:
			}
		})
	if m.config.TLS != nil {
		o.SetTLSConfig(m.config.TLS)
	}
	conn := paho.NewClient(o)
	if err := m.wait(conn.Connect()); err != nil {
		conn.Disconnect(0)
		return nil, nil, fmt.Errorf("connect: %w", err)
	}
	wanted := map[string]byte{}
	for _, f := range filters() {
		wanted[f] = 1
	}
	token := conn.SubscribeMultiple(wanted, nil)
	err := m.wait(token)
	if t, ok := token.(*paho.SubscribeToken); ok && err == nil {
		for filter, code := range t.Result() {
			if code == 0x80 {
				err = fmt.Errorf("the broker refuses %s: allow this client to read it", filter)
			}
		}
	}
	if err != nil {
		conn.Disconnect(0)
		return nil, nil, fmt.Errorf("subscribe: %w", err)
	}
	return conn, lost, nil
}

// wait waits for the broker, but not at the end.
func (m *MQTT) wait(t paho.Token) error {
	select {
	case <-t.Done():
		return t.Error()
	case <-m.ctx.Done():
		return m.ctx.Err()
	case <-time.After(brokerWithin):
		return errors.New("the broker does not answer")
	}
}

// greet asks for all that may have changed while there was no connection.
func (m *MQTT) greet() {
	m.mu.Lock()
	m.connected = true
	m.outgoing = nil
	nodes := map[string]bool{m.config.Node: true}
	for _, d := range m.watched {
		nodes[d.Node] = true
		m.ask(d)
	}
	delete(nodes, "")
	for _, n := range slices.Sorted(maps.Keys(nodes)) {
		m.post(nodePrefix+n+topicMembers, encode(uuid.NewString(), now(), nil))
	}
	m.mu.Unlock()
	m.twins.Renew()
}

// serve publishes until the connection ends.
func (m *MQTT) serve(conn paho.Client, lost <-chan error) error {
	for {
		m.mu.Lock()
		batch := m.outgoing
		m.outgoing = nil
		m.mu.Unlock()
		for _, o := range batch {
			conn.Publish(o.topic, 1, false, o.payload)
		}
		select {
		case <-m.ctx.Done():
			return m.ctx.Err()
		case err := <-lost:
			return err
		case <-m.wake:
		}
	}
}

func (m *MQTT) disconnected() {
	m.mu.Lock()
	m.connected = false
	m.outgoing = nil
	m.mu.Unlock()
	m.ground(ErrNotConnected, func(*flight) bool { return true })
}

// post queues a message if there is room; the lock is held. A report that is
// not queued will not be answered, and is repeated as such.
func (m *MQTT) post(topic string, payload []byte) bool {
	if len(m.outgoing) >= outgoingLimit+perDevice*len(m.watched) {
		return false
	}
	m.outgoing = append(m.outgoing, outgoing{topic, payload})
	select {
	case m.wake <- struct{}{}:
	default:
	}
	return true
}

func (m *MQTT) ask(d Device) {
	m.post(devicePrefix+d.ID+topicGet, encode(uuid.NewString(), now(), nil))
}

// Watch asks for the twin of a device now and at each new connection.
func (m *MQTT) Watch(d Device) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watched[d.ID] = d
	if m.connected {
		m.ask(d)
	}
}

// Forget ends that.
func (m *MQTT) Forget(d Device) {
	m.mu.Lock()
	delete(m.watched, d.ID)
	m.mu.Unlock()
	m.ground(ErrNotConnected, func(f *flight) bool { return f.id == d.ID })
}

// Report sends values of a device.
func (m *MQTT) Report(d Device, values []Value, done func(error)) {
	id := uuid.NewString()
	m.mu.Lock()
	if !m.connected {
		m.mu.Unlock()
		done(ErrNotConnected)
		return
	}
	defer m.mu.Unlock()
	f := &flight{id: d.ID, done: done}
	f.timer = time.AfterFunc(m.config.AnswerWithin, func() { m.land(id, ErrSilent) })
	m.flights[id] = f
	m.post(devicePrefix+d.ID+topicUpdate, update(id, now(), values))
}

// State sends how a device is.
func (m *MQTT) State(d Device, s State) {
	m.send(devicePrefix+d.ID+topicState, encode(uuid.NewString(), now(), map[string]any{"state": s}))
}

// Record sends values as a time series. Its topics have the plain name.
func (m *MQTT) Record(d Device, values []Value) bool {
	return m.send(seriesPrefix+d.Object+topicData, series(uuid.NewString(), now(), values))
}

func (m *MQTT) send(topic string, payload []byte) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.connected && m.post(topic, payload)
}

func now() int64 { return time.Now().UnixMilli() }

// land ends a report that was under way.
func (m *MQTT) land(eventID string, err error) {
	m.mu.Lock()
	f := m.flights[eventID]
	delete(m.flights, eventID)
	m.mu.Unlock()
	if f != nil {
		f.timer.Stop()
		f.done(err)
	}
}

// ground ends all reports that some are.
func (m *MQTT) ground(err error, some func(*flight) bool) {
	m.mu.Lock()
	var ids []string
	for id, f := range m.flights {
		if some(f) {
			ids = append(ids, id)
		}
	}
	m.mu.Unlock()
	for _, id := range ids {
		m.land(id, err)
	}
}
