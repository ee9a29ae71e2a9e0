package main

import (
	"context"
	"log/slog"

	"sluice/box/broker"
)

type brokerPart struct {
	Host string `default:"0.0.0.0" help:"Address to listen on."`
	Port int    `default:"1883" help:"Port to listen on."`
	Data string `default:"/data" help:"Folder for retained messages and sessions."`
}

// Run serves until the context ends.
func (p *brokerPart) Run(ctx context.Context, log *slog.Logger) error {
	b, err := broker.Start(broker.Options{Name: "broker", Host: p.Host, Port: p.Port, Dir: p.Data, Log: log})
	if err != nil {
		return err
	}
	log.Info("broker is ready", "address", b.Addr())
	<-ctx.Done()
	b.Close()
	return nil
}
