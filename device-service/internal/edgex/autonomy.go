package edgex

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	bootconfig "github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/config"
	"github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/environment"
	"github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/flags"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/clients/logger"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"

	"sluice/upstream"
)

// stateDir is the folder of the last known state, unless the settings have one.
const stateDir = "./data"

// autonomy is what lets the service start while Consul and core-metadata are
// away. Its fields are nil where there is nothing to do.
type autonomy struct {
	consul *upstream.Consul
	file   *upstream.File // the last known state of core-metadata
	last   *standIn
}

// startFlags are the flags of the process that matter before the SDK reads them.
func startFlags(key string) (f *flags.Default, name string) {
	f = flags.New()
	var instance string
	f.FlagSet.StringVar(&instance, "instance", "", "")
	f.FlagSet.StringVar(&instance, "i", "", "")
	f.Parse(append([]string(nil), os.Args[1:]...))
	if env := os.Getenv("EDGEX_INSTANCE_NAME"); env != "" {
		instance = env
	}
	if instance != "" {
		key += "_" + instance
	}
	return f, key
}

// openAutonomy comes before the SDK: it leads the SDK's requests to Consul and
// core-metadata past the last known state.
func openAutonomy(ctx context.Context, key string) (*autonomy, error) {
	silent := logger.NewMockClient()
	f, name := startFlags(key)
	s, err := upstream.ReadSettings(bootconfig.GetConfigFileLocation(silent, f), stateDir)
	if err != nil || !s.Enabled {
		return &autonomy{}, err
	}
	log := newLogger(logger.NewClient(name, models.InfoLog))
	a := &autonomy{file: s.File(name, "core-metadata")}
	a.last = loadStandIn(a.file, s, log)
	target := upstream.Provider(f.ConfigProviderUrl())
	if target == nil || len(environment.GetRemoteServiceHosts(silent, f.RemoteServiceHosts())) > 0 {
		return a, nil // with -rsh the SDK replaces the host of the provider
	}
	if a.consul, err = upstream.OpenConsul(ctx, target, s, name, log); err != nil {
		return nil, err
	}
	return a, nil
}

// loadStandIn is nil without a state that can be used: the start then waits.
func loadStandIn(file *upstream.File, s upstream.Settings, log *slog.Logger) *standIn {
	last := &standIn{patience: s.Patience, log: log}
	_, err := file.Load(&last.known)
	if errors.Is(err, upstream.ErrNothing) {
		return nil
	}
	if err == nil && last.known.Service.Name == "" {
		err = fmt.Errorf("%s: damaged: it names no service", file.Path())
	}
	if err != nil {
		log.Warn("the last known devices are not used", "error", err)
		return nil
	}
	if dropped := last.known.readable(); len(dropped) > 0 {
		log.Warn("devices without a known profile are left out of the last known state", "devices", dropped)
	}
	return last
}

// close comes after the SDK.
func (a *autonomy) close() {
	if a.consul != nil {
		a.consul.Close()
	}
}
