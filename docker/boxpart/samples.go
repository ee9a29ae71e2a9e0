package main

import (
	"context"
	"log/slog"

	"sluice/box/samples"
)

type samplesPart struct {
	Rules     string `default:"http://rules-engine:59720" help:"Address of the rules API."`
	Bus       string `default:"broker:1883" help:"Broker that averages go to."`
	Cloud     string `default:"cloud:1883" help:"Broker that stands for a cloud."`
	Receivers string `default:"receivers:8899" help:"WeCom robot and ERP."`
}

// Run creates or updates the samples.
func (p *samplesPart) Run(ctx context.Context, log *slog.Logger) error {
	err := samples.Apply(ctx, p.Rules, map[string]string{samples.Bus: p.Bus, samples.Cloud: p.Cloud, samples.Receivers: p.Receivers})
	if err != nil {
		return err
	}
	log.Info("the samples are there", "rules", p.Rules)
	return nil
}
