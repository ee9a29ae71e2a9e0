package modbus

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"sluice/device-service/internal/driver"
)

// mischief is what a peer may do instead of one plain answer.
type mischief int

const (
	plain mischief = iota
	late           // after the client has given up
	doubled
	wrongTransaction // an answer to nothing, then silence
	staleThenGood    // an answer to an earlier transaction before the good one
	wrongUnit
	wrongLength // a frame whose length is not that of its content
	cut         // half of the answer, then the end
	hangUp
	exception // with a code that nobody knows
	kinds
)

// mischievous serves holding registers of which n holds n, and answers the way
// that the test says.
type mischievous struct {
	listener net.Listener
	wg       sync.WaitGroup
	held     chan struct{} // one for each late answer that waits
	release  chan struct{} // lets a late answer go
	ended    chan struct{}

	mu    sync.Mutex
	next  func() mischief
	conns []net.Conn
}

func newMischievous(t *testing.T) *mischievous {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &mischievous{listener: l, held: make(chan struct{}, 1000), release: make(chan struct{}), ended: make(chan struct{}), next: always(plain)}
	m.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			m.mu.Lock()
			m.conns = append(m.conns, c)
			m.mu.Unlock()
			m.wg.Go(func() { m.serve(c) })
		}
	})
	t.Cleanup(func() {
		close(m.ended)
		_ = l.Close()
		m.mu.Lock()
		for _, c := range m.conns {
			_ = c.Close()
		}
		m.mu.Unlock()
		m.wg.Wait()
	})
	return m
}

func (m *mischievous) behave(next func() mischief) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.next = next
}

// always the same.
func always(k mischief) func() mischief { return func() mischief { return k } }

func (m *mischievous) serve(c net.Conn) {
	defer c.Close()
	frame := make([]byte, 12)
	for {
		if _, err := io.ReadFull(c, frame); err != nil {
			return
		}
		m.mu.Lock()
		k := m.next()
		m.mu.Unlock()
		if !m.respond(c, frame, k) {
			return
		}
	}
}

// respond answers a read request; false ends the connection.
func (m *mischievous) respond(c net.Conn, frame []byte, k mischief) bool {
	transaction, start, count := binary.BigEndian.Uint16(frame), binary.BigEndian.Uint16(frame[8:]), binary.BigEndian.Uint16(frame[10:])
	good := readAnswer(transaction, frame[6], start, count)
	other := readAnswer(transaction, frame[6], start+1000, count) // what must never be a value
	send := func(parts ...[]byte) bool {
		for _, p := range parts {
			if _, err := c.Write(p); err != nil {
				return false
			}
		}
		return true
	}
	switch k {
	case late:
		m.held <- struct{}{}
		select {
		case <-m.release:
			return send(good)
		case <-m.ended:
			return false
		}
	case doubled:
		return send(good, other)
	case wrongTransaction:
		binary.BigEndian.PutUint16(other, transaction+1)
		return send(other)
	case staleThenGood:
		binary.BigEndian.PutUint16(other, transaction-1)
		return send(other, good)
	case wrongUnit:
		other[6]++
		return send(other)
	case wrongLength:
		other[5] -= 2
		return send(other, good)
	case cut:
		send(good[:len(good)-1])
		return false
	case hangUp:
		return false
	case exception:
		return send([]byte{good[0], good[1], 0, 0, 0, 3, frame[6], frame[7] | 0x80, 0x42})
	}
	return send(good)
}

// readAnswer is the answer with count registers, of which n holds n.
func readAnswer(transaction uint16, unit byte, start, count uint16) []byte {
	a := binary.BigEndian.AppendUint16(nil, transaction)
	a = append(a, 0, 0)
	a = binary.BigEndian.AppendUint16(a, 3+2*count)
	a = append(a, unit, 3, byte(2*count))
	for n := range count {
		a = binary.BigEndian.AppendUint16(a, start+n)
	}
	return a
}

// addMischievous adds a device with a time-out for its answers.
func addMischievous(t *testing.T, m *mischievous, timeout time.Duration) *Driver {
	t.Helper()
	d := newTestDriver(t, Options{})
	dev := tcpDevice("dev", m.listener.Addr().String(), map[string]any{"Timeout": timeout.String()})
	if err := d.Add(dev, []driver.Resource{word(0)}); err != nil {
		t.Fatal(err)
	}
	return d
}

// patience is far above what anything takes on a slow machine.
const patience = time.Minute

// soon is the time-out of a device whose answers are not waited for.
const soon = 50 * time.Millisecond

// readWord reads one register, and tells whether it has a value. A value of
// another register fails the test.
func readWord(t *testing.T, d *Driver, start int) (bool, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	readings, err := d.Read(ctx, "dev", []driver.Resource{word(start)})
	if err != nil {
		return false, err
	}
	if readings[0].Err != nil {
		return false, readings[0].Err
	}
	if readings[0].Value != uint16(start) {
		t.Fatalf("register %d reads %v", start, readings[0].Value)
	}
	return true, nil
}

func awaitWord(t *testing.T, d *Driver, start int) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		ok, err := readWord(t, d, start)
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no answer: %v", err)
		}
	}
}

func TestEachMischief(t *testing.T) {
	for k, want := range map[mischief]bool{
		plain: true, late: false, doubled: true, wrongTransaction: false, staleThenGood: true,
		wrongUnit: false, wrongLength: false, cut: false, hangUp: false, exception: false,
	} {
		m := newMischievous(t)
		timeout := soon
		if want {
			timeout = patience
		}
		d := addMischievous(t, m, timeout)
		awaitWord(t, d, 1)
		m.behave(always(k))
		for n := 2; n < 5; n++ {
			if ok, err := readWord(t, d, n); ok != want {
				t.Errorf("mischief %d: a value %v, %v, want %v", k, ok, err, want)
			}
		}
		m.behave(always(plain))
		m.letGo()
		for n := 5; n < 10; n++ {
			awaitWord(t, d, n)
		}
	}
}

// letGo sends the answers that are held.
func (m *mischievous) letGo() {
	for {
		select {
		case <-m.held:
			m.release <- struct{}{}
		default:
			return
		}
	}
}

// An exception is an answer: the connection stays.
func TestUnknownExceptionIsAnAnswer(t *testing.T) {
	m := newMischievous(t)
	d := addMischievous(t, m, patience)
	awaitWord(t, d, 1)
	m.behave(always(exception))
	readings, err := d.Read(t.Context(), "dev", []driver.Resource{word(2)})
	if err != nil || readings[0].Err == nil {
		t.Errorf("%+v, %v", readings, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.conns) != 1 {
		t.Errorf("%d connections", len(m.conns))
	}
}

// No reading carries the value of another register, whatever the peer does and
// whoever has gone away before the answer.
func TestNoValueOfAnotherRegister(t *testing.T) {
	m := newMischievous(t)
	d := addMischievous(t, m, soon)
	awaitWord(t, d, 1)
	go func() { // late answers come as soon as somebody else's request has timed out
		for {
			select {
			case <-m.held:
			case <-m.ended:
				return
			}
			select {
			case <-time.After(soon * 3 / 2):
			case <-m.ended:
				return
			}
			select {
			case m.release <- struct{}{}:
			case <-m.ended:
				return
			}
		}
	}()
	random := rand.New(rand.NewPCG(1, 2))
	m.behave(func() mischief {
		if random.IntN(3) > 0 {
			return plain
		}
		return mischief(random.IntN(int(kinds)))
	})
	var readers sync.WaitGroup
	for r := range 4 {
		readers.Go(func() {
			values, start := 0, (r+1)*1000
			end := time.Now().Add(patience)
			for n := 0; values < 60 && time.Now().Before(end); n++ {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+n%7)*soon/2)
				readings, err := d.Read(ctx, "dev", []driver.Resource{word(start + n%20)})
				cancel()
				if err != nil || readings[0].Err != nil {
					time.Sleep(time.Millisecond) // the device is down for a moment
					continue
				}
				values++
				if readings[0].Value != uint16(start+n%20) {
					t.Errorf("register %d reads %v", start+n%20, readings[0].Value)
				}
			}
			if values < 10 {
				t.Errorf("reader %d got %d values", r, values)
			}
		})
	}
	readers.Wait()
	m.behave(always(plain))
	awaitWord(t, d, 9)
}

func TestRemovedDeviceAnswersNobody(t *testing.T) {
	m := newMischievous(t)
	d := addMischievous(t, m, patience)
	awaitWord(t, d, 1)
	m.behave(always(late))
	ended := make(chan error)
	go func() {
		_, err := d.Read(context.Background(), "dev", []driver.Resource{word(2)})
		ended <- err
	}()
	<-m.held // the request is there, and its answer is not
	d.Remove("dev")
	if err := <-ended; !errors.Is(err, driver.ErrUnknownDevice) {
		t.Errorf("read: %v", err)
	}
	m.release <- struct{}{}
}
