package opcua

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// relay stands between clients and a server. It counts requests, cuts
// connections and holds answers back.
type relay struct {
	t        *testing.T
	addr     string // that clients connect to
	upstream string // the server

	listener net.Listener
	relays   sync.WaitGroup
	requests atomic.Int64
	accepted atomic.Int64 // connections
	held     atomic.Int64 // answers that wait while silent

	mu     sync.Mutex
	conns  map[net.Conn]bool
	silent chan struct{} // open while answers are held back, else nil
}

// newRelay does not run yet. It ends with the test.
func newRelay(t *testing.T, upstream string) *relay {
	t.Helper()
	p := &relay{t: t, addr: freeAddress(t), upstream: upstream, conns: map[net.Conn]bool{}}
	t.Cleanup(func() { p.Silence(false); p.Stop() })
	return p
}

func (p *relay) endpoint() string { return "opc.tcp://" + p.addr }

// Start lets clients connect.
func (p *relay) Start() {
	p.t.Helper()
	var err error
	if p.listener, err = net.Listen("tcp", p.addr); err != nil {
		p.t.Fatal(err)
	}
	listener := p.listener
	p.relays.Go(func() { p.accept(listener) })
}

// Cut ends the connections that there are.
func (p *relay) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.conns {
		_ = conn.Close()
	}
}

// Stop refuses connections and ends those that there are.
func (p *relay) Stop() {
	if p.listener == nil {
		return
	}
	_ = p.listener.Close()
	p.listener = nil
	p.Cut()
	p.mu.Lock()
	silent := p.silent
	p.mu.Unlock()
	if silent == nil {
		p.relays.Wait()
	}
}

// Silence holds answers back while on.
func (p *relay) Silence(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case on && p.silent == nil:
		p.silent = make(chan struct{})
	case !on && p.silent != nil:
		close(p.silent)
		p.silent = nil
	}
}

func (p *relay) waitWhileSilent() {
	p.mu.Lock()
	silent := p.silent
	p.mu.Unlock()
	if silent != nil {
		p.held.Add(1)
		<-silent
		p.held.Add(-1)
	}
}

func (p *relay) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		p.accepted.Add(1)
		upstream, err := net.Dial("tcp", p.upstream)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.conns[client], p.conns[upstream] = true, true
		p.mu.Unlock()
		p.relays.Go(func() { p.forward(client, upstream) })
		p.relays.Go(func() { p.back(upstream, client) })
	}
}

func (p *relay) live() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.conns)
}

func (p *relay) drop(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		_ = conn.Close()
		delete(p.conns, conn)
	}
}

// forward passes requests on, chunk by chunk, and counts them.
func (p *relay) forward(client, upstream net.Conn) {
	defer p.drop(client, upstream)
	for {
		chunk, err := readChunk(client)
		if err != nil {
			return
		}
		if string(chunk[:3]) == "MSG" {
			p.requests.Add(1)
		}
		if _, err := upstream.Write(chunk); err != nil {
			return
		}
	}
}

func (p *relay) back(upstream, client net.Conn) {
	defer p.drop(client, upstream)
	for {
		chunk, err := readChunk(upstream)
		if err != nil {
			return
		}
		p.waitWhileSilent()
		if _, err := client.Write(chunk); err != nil {
			return
		}
	}
}

func readChunk(r io.Reader) ([]byte, error) {
	header := make([]byte, 8)
	if _, err := io.ReadFull(r, header); err != nil {
		return nil, err
	}
	size := binary.LittleEndian.Uint32(header[4:])
	if size < 8 || size > 16<<20 {
		return nil, fmt.Errorf("chunk of %d bytes", size)
	}
	chunk := append(header, make([]byte, size-8)...)
	_, err := io.ReadFull(r, chunk[8:])
	return chunk, err
}
