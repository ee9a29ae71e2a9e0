package boilerhouse

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/server"
	"github.com/gopcua/opcua/ua"
)

// notifyEvery is how often subscribers are told of values that changed.
const notifyEvery = 250 * time.Millisecond

// ServeOPCUA answers OPC UA (no security, anonymous) on an address such as
// "127.0.0.1:4840" until the context ends. It returns an error when it cannot
// listen there. The endpoint URL is opc.tcp:// with that address.
func ServeOPCUA(ctx context.Context, addr string, m *Model) error {
	if err := serveOPCUA(ctx, addr, m); err != nil {
		return fmt.Errorf("opc ua simulator: %w", err)
	}
	return nil
}

func serveOPCUA(ctx context.Context, addr string, m *Model) error {
	inner, err := freePort()
	if err != nil {
		return err
	}
	f, err := newFront(addr, inner.String())
	if err != nil {
		return err
	}
	defer f.close()
	host, port, err := splitAddress(addr)
	if err != nil {
		return err
	}
	srv := server.New(
		server.EndPoint(inner.IP.String(), inner.Port), // the first one is where the server listens
		server.EndPoint(host, port),
		server.EnableSecurity("None", ua.MessageSecurityModeNone),
		server.EnableAuthMode(ua.UserTokenTypeAnonymous),
		server.ServerName("Boiler house"),
		server.ManufacturerName("Sluice"),
		server.ProductName("Boiler house simulator"),
	)
	plant := newSpace(srv, m)
	if err := plant.link(); err != nil {
		return err
	}

	// The server's own goroutines have to outlive Close, which waits for them
	// to take what clients sent last.
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	if err := srv.Start(running); err != nil {
		return err
	}
	f.start()
	plant.notify(ctx)
	f.close()
	return srv.Close()
}

// freePort finds a port for the server behind the front.
func freePort() (*net.TCPAddr, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr), nil
}

func splitAddress(addr string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, err
	}
	port, err = net.LookupPort("tcp", text)
	return host, port, err
}

// link puts the boiler's folder below the server's Objects folder.
func (s *space) link() error {
	base, err := s.srv.Namespace(0)
	if err != nil {
		return err
	}
	base.Objects().AddRef(s.folder, id.Organizes, true)
	return nil
}

// notify tells the server which values changed, until the context ends: the
// library sees writes of clients only.
func (s *space) notify(ctx context.Context) {
	ticker := time.NewTicker(notifyEvery)
	defer ticker.Stop()
	last := s.model.Read()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := s.model.Read()
		for _, v := range s.variables {
			if v.value(now) != v.value(last) {
				s.srv.ChangeNotification(v.id)
			}
		}
		last = now
	}
}
