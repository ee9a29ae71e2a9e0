package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	bootconfig "github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/config"
	"github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/container"
	"github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/environment"
	"github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/flags"
	"github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/interfaces"
	"github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/messaging"
	"github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/startup"
	"github.com/edgexfoundry/go-mod-bootstrap/v3/config"
	"github.com/edgexfoundry/go-mod-bootstrap/v3/di"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/clients/logger"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"

	"sluice/rules-service/internal/connector/edgex"
)

// busConfig is the part of EdgeX's configuration that tells where the message
// bus is. The app SDK reads it too, and keeps it to itself.
type busConfig struct {
	Writable   busWritable
	Registry   config.RegistryInfo
	Service    config.ServiceInfo
	MessageBus config.MessageBusInfo
	Clients    config.ClientsCollection
}

type busWritable struct {
	LogLevel        string
	InsecureSecrets config.InsecureSecrets
	Telemetry       config.TelemetryInfo
}

// UpdateFromRaw takes what the configuration provider has.
func (c *busConfig) UpdateFromRaw(raw any) bool {
	from, ok := raw.(*busConfig)
	if ok {
		*c = *from
	}
	return ok
}

// EmptyWritablePtr is asked for what may change while the service runs.
func (c *busConfig) EmptyWritablePtr() any { return &busWritable{} }

// UpdateWritableFromRaw drops changes: the configuration is read once.
func (c *busConfig) UpdateWritableFromRaw(any) bool { return true }

// GetWritablePtr is the part that could change.
func (c *busConfig) GetWritablePtr() any { return &c.Writable }

// GetLogLevel is the level of the reader's own logger.
func (c *busConfig) GetLogLevel() string { return c.Writable.LogLevel }

// GetRegistryInfo tells where the registry is.
func (c *busConfig) GetRegistryInfo() config.RegistryInfo { return c.Registry }

// GetInsecureSecrets are the secrets of services without a secret store.
func (c *busConfig) GetInsecureSecrets() config.InsecureSecrets { return c.Writable.InsecureSecrets }

// GetTelemetryInfo tells which metrics are reported; none are from here.
func (c *busConfig) GetTelemetryInfo() *config.TelemetryInfo { return &c.Writable.Telemetry }

// GetBootstrap is what reading the configuration needs to know of it.
func (c *busConfig) GetBootstrap() config.BootstrapConfiguration {
	return config.BootstrapConfiguration{Clients: &c.Clients, Service: &c.Service, Registry: &c.Registry, MessageBus: &c.MessageBus}
}

// bus reads the settings of the message bus as the SDK did: from the same
// flags, files, environment and provider. User, password and certificates come
// from the secret store, into Optional, where EdgeX's clients look for them.
func bus(key string, args []string, secrets interfaces.SecretProviderExt) (edgex.Bus, error) {
	// What is worth telling, the SDK has told when it read the same.
	silent := logger.NewMockClient()
	services := di.ServiceConstructorMap{container.LoggingClientInterfaceName: func(di.Get) any { return silent }}
	f, _ := parseFlags(args)
	var watches sync.WaitGroup
	var c busConfig
	// Reading from a provider starts watches. They must live as long as the
	// process: one that is ended before its first answer panics.
	p := bootconfig.NewProcessor(f, environment.NewVariables(silent), startup.NewStartUpTimer(key), context.Background(), &watches, nil, di.NewContainer(services))
	if err := p.Process(key, config.ServiceTypeApp, common.ConfigStemApp, &c, secrets); err != nil {
		return edgex.Bus{}, fmt.Errorf("read the settings of the message bus: %w", err)
	}
	info := c.MessageBus
	info.Disabled = false // that is for the SDK
	if info.Type == "" || info.Host == "" || info.Port == 0 {
		return edgex.Bus{}, errors.New("the common configuration has no MessageBus; give it with -cp or -cc")
	}
	if mode := strings.TrimSpace(info.AuthMode); mode != "" && !strings.EqualFold(mode, messaging.AuthModeNone) {
		services[container.SecretProviderName] = func(di.Get) any { return secrets }
		if err := messaging.SetOptionsAuthData(&info, silent, di.NewContainer(services)); err != nil {
			return edgex.Bus{}, fmt.Errorf("credentials of the message bus: %w", err)
		}
	}
	b := edgex.Bus{MessageBusInfo: info}
	b.Metadata, b.Command = c.address("core-metadata"), c.address("core-command")
	return b, nil
}

// address is that of another service, or "".
func (c *busConfig) address(service string) string {
	if client, ok := c.Clients[service]; ok {
		return client.Url()
	}
	return ""
}

// parseFlags reads EdgeX's flags and those of app services, as the SDK does.
func parseFlags(args []string) (f *flags.Default, serviceKey string) {
	f = flags.New()
	for _, name := range []string{"s", "skipVersionCheck"} {
		f.FlagSet.Bool(name, false, "")
	}
	for _, name := range []string{"sk", "serviceKey"} {
		f.FlagSet.StringVar(&serviceKey, name, "", "")
	}
	f.Parse(append([]string(nil), args...))
	if env := os.Getenv("EDGEX_SERVICE_KEY"); env != "" {
		serviceKey = env
	}
	return f, serviceKey
}
