package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	bootconfig "github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/config"
	"github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/environment"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/clients/logger"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
	"go.yaml.in/yaml/v3"

	"sluice/upstream"
)

// openConsul comes before the SDK: it leads the SDK's requests to Consul past
// the last known configuration, so that the service starts while Consul is
// away. It is nil without a Consul, or when that is switched off.
func openConsul(ctx context.Context, key string, args []string) (*upstream.Consul, error) {
	silent := logger.NewMockClient()
	f, _ := parseFlags(args)
	target := upstream.Provider(f.ConfigProviderUrl())
	if target == nil || len(environment.GetRemoteServiceHosts(silent, f.RemoteServiceHosts())) > 0 {
		return nil, nil // with -rsh the SDK replaces the host of the provider
	}
	file := bootconfig.GetConfigFileLocation(silent, f)
	s, err := upstream.ReadSettings(file, filepath.Join(dataDir(file), "upstream"))
	if err != nil {
		return nil, err
	}
	if !s.Enabled {
		return nil, nil
	}
	log := slog.New(&edgexHandler{client: logger.NewClient(key, models.InfoLog)})
	consul, err := upstream.OpenConsul(ctx, target, s, key, log)
	if err != nil {
		return nil, fmt.Errorf("configuration provider: %w", err)
	}
	return consul, nil
}

// dataDir is the folder of the rules, as far as the private file and the
// environment tell: what the provider says is not known yet.
func dataDir(file string) string {
	if dir := os.Getenv(ownPrefix + "DATADIR"); dir != "" {
		return dir
	}
	var private struct {
		Rules struct {
			DataDir string `yaml:"DataDir"`
		} `yaml:"Rules"`
	}
	text, err := os.ReadFile(file)
	if err != nil || yaml.Unmarshal(text, &private) != nil || private.Rules.DataDir == "" {
		return defaultSettings().DataDir // a file that is not right, the SDK tells of
	}
	return private.Rules.DataDir
}
