package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"

	bootconfig "github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/config"
	"github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/environment"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/clients/logger"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
	"go.yaml.in/yaml/v3"

	"sluice/upstream"
)

// autonomy is what lets the service start while Consul and core-metadata are
// away.
type autonomy struct {
	consul *upstream.Consul  // nil: the configuration comes from files
	direct http.RoundTripper // what http.DefaultTransport was; nil: it still is that
}

// openAutonomy comes before the SDK: it leads the SDK's requests past what the
// service last knew.
func openAutonomy(ctx context.Context, key string, args []string) (*autonomy, error) {
	silent := logger.NewMockClient()
	f, _ := parseFlags(args)
	file := bootconfig.GetConfigFileLocation(silent, f)
	s, err := upstream.ReadSettings(file, filepath.Join(dataDir(file), "upstream"))
	if err != nil || !s.Enabled {
		return &autonomy{}, err
	}
	log := slog.New(&edgexHandler{client: logger.NewClient(key, models.InfoLog)})
	a := &autonomy{direct: http.DefaultTransport}
	http.DefaultTransport = &coreVersion{base: a.direct, file: s.File(key, "core-metadata"), patience: s.Patience, log: log}
	target := upstream.Provider(f.ConfigProviderUrl())
	if target == nil || len(environment.GetRemoteServiceHosts(silent, f.RemoteServiceHosts())) > 0 {
		return a, nil // with -rsh the SDK replaces the host of the provider
	}
	if a.consul, err = upstream.OpenConsul(ctx, target, s, key, log); err != nil {
		a.started()
		return nil, fmt.Errorf("configuration provider: %w", err)
	}
	return a, nil
}

// started comes when the SDK has asked all that it needs for its start.
func (a *autonomy) started() {
	if a.direct != nil {
		http.DefaultTransport = a.direct
	}
}

// close comes after the SDK.
func (a *autonomy) close() {
	if a.consul != nil {
		a.consul.Close()
	}
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
