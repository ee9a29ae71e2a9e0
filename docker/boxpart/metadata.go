package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"

	"github.com/edgexfoundry/go-mod-messaging/v3/messaging"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"

	"sluice/box/metadata"
)

type metadataPart struct {
	Listen string `default:":59881" help:"Address to listen on."`
	Bus    string `default:"broker:1883" help:"MQTT broker of EdgeX's message bus."`
	Data   string `default:"/data" help:"Folder for what is kept."`
}

// Run serves until the context ends. Without a broker it ends with an error:
// the container starts again.
func (p *metadataPart) Run(ctx context.Context, log *slog.Logger) error {
	bus, err := dial(p.Bus)
	if err != nil {
		return fmt.Errorf("message bus %s: %w", p.Bus, err)
	}
	defer func() { _ = bus.Disconnect() }() // the process ends
	m, err := metadata.New(metadata.Options{File: filepath.Join(p.Data, "metadata.json"), Bus: bus, Log: log})
	if err != nil {
		return err
	}
	defer m.Close()
	return serve(ctx, p.Listen, m)
}

func dial(addr string) (messaging.MessageClient, error) {
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return nil, err
	}
	bus, err := messaging.NewMessageClient(types.MessageBusConfig{
		Broker:   types.HostInfo{Host: host, Port: port, Protocol: "tcp"},
		Type:     messaging.MQTT,
		Optional: map[string]string{"ClientId": "core-metadata", "Qos": "0", "KeepAlive": "10", "AutoReconnect": "true", "ConnectTimeout": "5"},
	})
	if err != nil {
		return nil, err
	}
	return bus, bus.Connect()
}
