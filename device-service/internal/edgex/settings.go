package edgex

import (
	"context"
	"fmt"
	"maps"
	"os"
	"strings"
	"sync"
	"time"

	sdkinterfaces "github.com/edgexfoundry/device-sdk-go/v3/pkg/interfaces"
	bootconfig "github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/config"
	"github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/container"
	"github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/environment"
	"github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/flags"
	"github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/interfaces"
	bootmessaging "github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/messaging"
	"github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/startup"
	"github.com/edgexfoundry/go-mod-bootstrap/v3/config"
	"github.com/edgexfoundry/go-mod-bootstrap/v3/di"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/clients/logger"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	"github.com/edgexfoundry/go-mod-messaging/v3/messaging"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"
	"github.com/google/uuid"

	"sluice/device-service/internal/twin"
)

// settings are the parts of the service's configuration that the SDK uses but
// does not hand out. They are read once more, with the same flags, files,
// environment and configuration provider, when the service starts.
type settings struct {
	Writable   writable
	Clients    config.ClientsCollection
	Registry   config.RegistryInfo
	Service    config.ServiceInfo
	MessageBus config.MessageBusInfo
	Device     struct {
		DataTransform bool
		Labels        []string
	}
	MaxEventSize int64
	KubeEdge     twin.Config
}

type writable struct {
	LogLevel        string
	InsecureSecrets config.InsecureSecrets
	Reading         struct{ ReadingUnits bool }
	Telemetry       config.TelemetryInfo
}

// loadSettings reads the configuration of the running service. With a
// configuration provider, Writable follows its changes for the rest of the
// process; after each that concerns us, updated gets a message and has to be
// read. The watches are never ended: go-mod-configuration panics when that
// happens while they are just starting.
func loadSettings(sdk sdkinterfaces.DeviceServiceSDK, secrets interfaces.SecretProviderExt, updated chan struct{}) (*settings, error) {
	lc := logger.NewMockClient() // silent: the SDK has said all this already
	dic := di.NewContainer(di.ServiceConstructorMap{
		container.LoggingClientInterfaceName:  func(di.Get) any { return lc },
		container.SecretProviderExtName:       func(di.Get) any { return secrets },
		container.MetricsManagerInterfaceName: func(di.Get) any { return sdk.MetricsManager() },
	})
	f := flags.New()
	var instance string
	f.FlagSet.StringVar(&instance, "instance", "", "")
	f.FlagSet.StringVar(&instance, "i", "", "")
	f.Parse(os.Args[1:])
	s := &settings{}
	var wg sync.WaitGroup
	p := bootconfig.NewProcessor(f, environment.NewVariables(lc), startup.NewStartUpTimer(sdk.Name()), context.Background(), &wg, updated, dic)
	if err := p.Process(sdk.Name(), config.ServiceTypeDevice, common.ConfigStemDevice, s, secrets); err != nil {
		return nil, fmt.Errorf("configuration of %s: %w", sdk.Name(), err)
	}
	return s, nil
}

// newBus returns a client of the message bus for one purpose alone. It does not
// connect by itself again: what the client were given while it does that would
// be lost without an error.
func (s *settings) newBus(secrets bootmessaging.SecretDataProvider, purpose string) (bus, error) {
	info := s.MessageBus
	optional := map[string]string{"KeepAlive": "10"} // a dead connection has to be noticed
	maps.Copy(optional, info.Optional)
	optional["AutoReconnect"] = "false"
	optional["CleanSession"] = "true" // the publisher repeats events; a session would repeat the refused ones, too
	id := optional["ClientId"]
	if id == "" {
		id = uuid.NewString() // one for all connections: with it the broker ends the one before
	}
	optional["ClientId"] = id + "-" + purpose
	if err := authenticate(info, optional, secrets); err != nil {
		return nil, fmt.Errorf("message bus: %w", err)
	}
	dial := func() (bus, error) {
		return messaging.NewMessageClient(types.MessageBusConfig{
			Broker:   types.HostInfo{Host: info.Host, Port: info.Port, Protocol: info.Protocol},
			Type:     info.Type,
			Optional: optional,
		})
	}
	client, err := dial() // finds what is wrong with the configuration
	if err != nil || info.Type != messaging.MQTT {
		return client, err
	}
	return &mqttBus{bus: client, dial: dial}, nil
}

// authenticate fills in the user, password and certificates of the bus.
func authenticate(info config.MessageBusInfo, optional map[string]string, secrets bootmessaging.SecretDataProvider) error {
	mode := strings.ToLower(strings.TrimSpace(info.AuthMode))
	if mode == "" || mode == bootmessaging.AuthModeNone {
		return nil
	}
	data, err := bootmessaging.GetSecretData(mode, info.SecretName, secrets)
	if err != nil {
		return fmt.Errorf("secret %q: %w", info.SecretName, err)
	}
	if err := bootmessaging.ValidateSecretData(mode, info.SecretName, data); err != nil {
		return err
	}
	switch mode {
	case bootmessaging.AuthModeUsernamePassword:
		optional[bootmessaging.OptionsUsernameKey] = data.Username
		optional[bootmessaging.OptionsPasswordKey] = data.Password
	case bootmessaging.AuthModeCert:
		optional[bootmessaging.OptionsCertPEMBlockKey] = string(data.CertPemBlock)
		optional[bootmessaging.OptionsKeyPEMBlockKey] = string(data.KeyPemBlock)
	}
	if len(data.CaPemBlock) > 0 {
		optional[bootmessaging.OptionsCaPEMBlockKey] = string(data.CaPemBlock)
	}
	return nil
}

// requestTimeout is how long a command may take before its caller is gone.
func (s *settings) requestTimeout() time.Duration {
	if d, err := time.ParseDuration(s.Service.RequestTimeout); err == nil && d > 0 {
		return d
	}
	return 5 * time.Second
}

// The methods below make settings an interfaces.Configuration of go-mod-bootstrap.

func (s *settings) UpdateFromRaw(raw any) bool {
	c, ok := raw.(*settings)
	if ok {
		*s = *c
	}
	return ok
}

func (s *settings) UpdateWritableFromRaw(raw any) bool {
	w, ok := raw.(*writable)
	if ok {
		s.Writable = *w
	}
	return ok
}

func (s *settings) EmptyWritablePtr() any { return &writable{} }
func (s *settings) GetWritablePtr() any   { return &s.Writable }
func (s *settings) GetLogLevel() string   { return s.Writable.LogLevel }

func (s *settings) GetBootstrap() config.BootstrapConfiguration {
	return config.BootstrapConfiguration{Clients: &s.Clients, Service: &s.Service, Registry: &s.Registry, MessageBus: &s.MessageBus}
}

func (s *settings) GetRegistryInfo() config.RegistryInfo       { return s.Registry }
func (s *settings) GetInsecureSecrets() config.InsecureSecrets { return s.Writable.InsecureSecrets }
func (s *settings) GetTelemetryInfo() *config.TelemetryInfo    { return &s.Writable.Telemetry }
