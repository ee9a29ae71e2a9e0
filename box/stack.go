package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"github.com/edgexfoundry/go-mod-messaging/v3/messaging"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"

	"sluice/box/boilerhouse"
	"sluice/box/broker"
	"sluice/box/metadata"
	"sluice/box/ports"
	"sluice/box/receivers"
	"sluice/box/samples"
	"sluice/box/supervisor"
)

// What the receivers of the box know. They guard nothing: they show where a
// key and a token go.
const (
	wecomKey   = "box-robot"
	erpToken   = "box-erp-token"
	cloudTopic = "cloud/alarms"
)

// readyWithin bounds how long the services may take to start.
const readyWithin = 60 * time.Second

// stack is what runs in this process. Its parts end in the opposite order of
// their start.
type stack struct {
	flags  flags
	con    *console
	log    *slog.Logger
	failed chan error // of a part that ended by itself

	metadata *metadata.Server // once it is started
	closes   []func()
}

func (s *stack) onClose(f func()) { s.closes = append(s.closes, f) }

func (s *stack) close() {
	for i := len(s.closes) - 1; i >= 0; i-- {
		s.closes[i]()
	}
}

// serve runs the box until ctx ends or a part of it fails.
func serve(ctx context.Context, f flags, con *console) error {
	if err := ports.Check(host, f.ports()); err != nil {
		return &portsError{err}
	}
	unlock, err := lockData(f.Data)
	if err != nil {
		return err
	}
	defer unlock()
	if err := writeConfig(f); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	s := &stack{flags: f, con: con, failed: make(chan error, 10), log: con.logger()}
	defer s.close()
	if err := s.start(ctx); err != nil {
		return err
	}
	s.con.say("%s", f.welcome())
	select {
	case err := <-s.failed:
		return err
	case <-ctx.Done():
		s.con.say("\nending …")
		return nil
	}
}

func (s *stack) start(ctx context.Context) error {
	began := time.Now()
	s.con.say("box %s, data in %s", version, s.flags.Data)
	for _, step := range []func(context.Context) error{
		s.startBrokers, s.startMetadata, s.startSimulators, s.startReceivers, s.startServices, s.awaitServices, s.moveDevices, s.applySamples,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	s.con.say("all started in %.1f s", time.Since(began).Seconds())
	return nil
}

func (s *stack) startBrokers(context.Context) error {
	for name, port := range map[string]int{"plant": s.flags.BusPort, "cloud": s.flags.CloudPort} {
		b, err := broker.Start(broker.Options{
			Name: name, Host: host, Port: port, Dir: filepath.Join(s.flags.Data, "broker-"+name), Log: s.log,
		})
		if err != nil {
			return err
		}
		s.onClose(b.Close)
	}
	return nil
}

func (s *stack) startMetadata(context.Context) error {
	bus, err := messaging.NewMessageClient(types.MessageBusConfig{
		Broker:   types.HostInfo{Host: host, Port: s.flags.BusPort, Protocol: "tcp"},
		Type:     messaging.MQTT,
		Optional: map[string]string{"ClientId": "core-metadata", "Qos": "0", "KeepAlive": "10", "AutoReconnect": "true", "ConnectTimeout": "5"},
	})
	if err == nil {
		err = bus.Connect()
	}
	if err != nil {
		return fmt.Errorf("connect metadata to the bus: %w", err)
	}
	s.onClose(func() { _ = bus.Disconnect() }) // the broker ends next
	m, err := metadata.New(metadata.Options{
		File: filepath.Join(s.flags.Data, "metadata.json"), Bus: bus, Log: s.log,
	})
	if err != nil {
		return err
	}
	s.metadata = m
	s.onClose(m.Close)
	return s.serveHTTP("core-metadata", s.flags.MetadataPort, m)
}

func (s *stack) startSimulators(ctx context.Context) error {
	model := boilerhouse.NewModel()
	for name, sim := range map[string]struct {
		port  int
		serve func(context.Context, string, *boilerhouse.Model) error
	}{
		"modbus simulator": {s.flags.ModbusSimPort, boilerhouse.ServeModbus},
		"opcua simulator":  {s.flags.OpcuaSimPort, boilerhouse.ServeOPCUA},
	} {
		ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		done := make(chan struct{})
		go func() {
			defer close(done)
			if err := sim.serve(ctx, address(sim.port), model); err != nil && ctx.Err() == nil {
				s.failed <- fmt.Errorf("%s: %w", name, err)
			}
		}()
		s.onClose(func() { cancel(); <-done })
	}
	return nil
}

func (s *stack) startReceivers(context.Context) error {
	inbox := receivers.NewInbox(s.con.alarm)
	cloud, err := receivers.OpenCloud(address(s.flags.CloudPort), cloudTopic, inbox)
	if err != nil {
		return err
	}
	s.onClose(cloud.Close)
	mux := http.NewServeMux()
	mux.Handle("POST /wecom/cgi-bin/webhook/send", receivers.NewWeCom(wecomKey, inbox))
	mux.Handle("POST /erp/alarms", receivers.NewERP(erpToken, inbox))
	mux.Handle("GET /received", inbox)
	return s.serveHTTP("receivers", s.flags.ReceiverPort, mux)
}

func (s *stack) startServices(ctx context.Context) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	sup := supervisor.New(ctx, supervisor.Options{Line: s.con.child, Event: s.con.event})
	s.onClose(func() { cancel(); sup.Wait() })
	for _, service := range s.flags.services() {
		if err := sup.Start(service.process(s.flags)); err != nil {
			return err
		}
	}
	return nil
}

func (s *stack) awaitServices(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for _, service := range s.flags.services() {
		if err := s.await(ctx, service); err != nil {
			if ctx.Err() == nil || errors.Is(ctx.Err(), context.Canceled) {
				return err
			}
			return fmt.Errorf("%s is not ready within %v; run again with -v to see its log", service.key, readyWithin)
		}
	}
	return nil
}

func (s *stack) applySamples(ctx context.Context) error {
	if s.flags.NoSamples {
		return nil
	}
	err := samples.Apply(ctx, "http://"+address(s.flags.RulesPort), map[string]string{
		samples.Bus:       address(s.flags.BusPort),
		samples.Cloud:     address(s.flags.CloudPort),
		samples.Receivers: address(s.flags.ReceiverPort),
		samples.Metadata:  address(s.flags.MetadataPort),
	})
	if err != nil {
		return fmt.Errorf("apply the samples: %w", err)
	}
	return nil
}

// serveHTTP serves in the background until the stack is closed.
func (s *stack) serveHTTP(name string, port int, h http.Handler) error {
	l, err := net.Listen("tcp", address(port))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("%s: %w", name, err)
		}
	}()
	s.onClose(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close() // requests that will not end
		}
		<-done
	})
	return nil
}

func address(port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }
