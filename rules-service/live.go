package main

import (
	"fmt"
	"os"
	"reflect"
	"strings"

	appinterfaces "github.com/edgexfoundry/app-functions-sdk-go/v3/pkg/interfaces"

	"sluice/rules-service/internal/api"
)

// follow listens for changes of section Rules in EdgeX's configuration
// provider, when there is one.
func (s *service) follow(sdk appinterfaces.ApplicationService, args []string) error {
	if !hasProvider(args) {
		return nil
	}
	return sdk.ListenForCustomConfigChanges(&map[string]any{}, "Rules", func(raw any) {
		if changed, ok := raw.(*map[string]any); ok {
			s.change(*changed)
		}
	})
}

// hasProvider tells whether EdgeX's configuration is in a provider.
func hasProvider(args []string) bool {
	if env, ok := os.LookupEnv("EDGEX_CONFIG_PROVIDER"); ok {
		return env != "" && !strings.EqualFold(env, "none")
	}
	f, _ := parseFlags(args)
	return f.ConfigProviderUrl() != ""
}

// change takes a changed section. One that is not right is logged, and what was
// goes on. It is called by one goroutine.
func (s *service) change(raw map[string]any) {
	next, _, err := readSettings(raw, os.Environ())
	if err != nil {
		s.log.Error("the changed configuration is not right and is not taken", "error", err)
		return
	}
	for i := range keys {
		k := &keys[i]
		if !reflect.DeepEqual(k.shown(s.present), k.shown(next)) {
			s.log.Info("configuration has changed", "key", "Rules."+k.name, "effective", map[bool]string{true: "now", false: "at the next start"}[k.live])
		}
	}
	s.apply(s.present, next)
	s.present = next
}

// apply puts into effect what may change while the service runs and has
// changed: the rest may have been changed over REST.
func (s *service) apply(old, next *settings) {
	if next.LogLevel != old.LogLevel {
		s.setLevel(next.LogLevel)
	}
	if next.Zone.String() != old.Zone.String() {
		s.rules.SetZone(next.Zone)
	}
	if !reflect.DeepEqual(next.Options, old.Options) {
		s.rules.SetDefaults(next.defaults)
	}
	if s.files != nil && next.Reconcile != old.Reconcile {
		s.files.SetOptions(next.Reconcile)
	}
	if s.metrics != nil {
		s.metrics.SetRules(next.MetricsRules)
	}
}

// configure changes settings until the next start.
func (s *service) configure(c api.Changes) error {
	if c.LogLevel != nil {
		level, err := edgexLevel(*c.LogLevel)
		if err != nil {
			return fmt.Errorf("logLevel: %w", err)
		}
		s.setLevel(level)
	}
	if c.Zone != nil {
		s.rules.SetZone(c.Zone)
	}
	return nil
}

func (s *service) setLevel(level string) {
	if level == "" || s.client.LogLevel() == level {
		return
	}
	if err := s.client.SetLogLevel(level); err != nil {
		s.log.Error("log level", "error", err)
		return
	}
	s.log.Info("log level has changed", "level", level)
}
