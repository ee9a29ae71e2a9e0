package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync/atomic"

	appinterfaces "github.com/edgexfoundry/app-functions-sdk-go/v3/pkg/interfaces"
	"github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/interfaces"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/clients/logger"

	"sluice/rules-service/internal/api"
	"sluice/rules-service/internal/builtin"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/delivery"
	"sluice/rules-service/internal/hub"
	"sluice/rules-service/internal/metrics"
	"sluice/rules-service/internal/named"
	"sluice/rules-service/internal/reconcile"
	"sluice/rules-service/internal/rule"
	"sluice/rules-service/internal/store"
)

// service is what runs beside the SDK.
type service struct {
	settings *settings // of the start
	present  *settings // of the last change: one goroutine has them
	log      *slog.Logger
	client   logger.LoggingClient
	store    *store.Store
	named    *named.Book
	rules    *rule.Manager
	metrics  *metrics.Exporter
	files    *reconcile.Reconciler
	api      *api.API
	server   *api.Server
	running  atomic.Bool // rules were started
	restart  atomic.Bool // the end asks for a new start
}

// open opens everything, from the store to the API; rules run from start on.
// stop ends the service.
func open(sdk appinterfaces.ApplicationService, key string, args []string, stop func()) (*service, error) {
	var raw section
	if err := sdk.LoadCustomConfig(&raw, "Rules"); err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	conf, notes, err := readSettings(raw.Rules, os.Environ())
	if err != nil {
		return nil, err
	}
	s := &service{settings: conf, present: conf, client: sdk.LoggingClient()}
	s.log = newLog(conf, s.client)
	for _, note := range notes {
		s.log.Info(note)
	}
	secrets, ok := sdk.SecretProvider().(interfaces.SecretProviderExt)
	if !ok {
		return nil, errors.New("EdgeX's SDK has no secret provider")
	}
	bus, err := bus(key, args, secrets)
	if err != nil {
		return nil, err
	}
	schemas := api.Messages(conf.DataDir, conf.EtcDir)
	env := connector.Env{Log: s.log, Secret: secretsOf(secrets), SinkDefaults: conf.Sinks, Schemas: schemas}
	env.AESKey = aesKey(conf.AESKey, env)
	env.Files, env.Listen = conf.files(), conf.Push
	reg := builtin.Registry(bus)
	if s.store, err = store.Open(conf.DataDir); err != nil {
		return nil, err
	}
	env.Positions = positions{s.store}
	if s.named, err = named.Open(s.store, reg, named.Options{Dir: conf.EtcDir, Environ: os.Environ(), Log: s.log}); err != nil {
		return nil, errors.Join(err, s.close())
	}
	env.Named = s.named
	if s.rules, err = rule.Open(s.store, reg, env, append(conf.options(), rule.WithGiveBack(s.releaseProgram))...); err != nil {
		return nil, errors.Join(err, s.close())
	}
	s.apply(defaultSettings(), conf)
	if err = s.serve(&api.API{Rules: s.rules, Named: s.named, Registry: reg, Env: env, Schemas: schemas, Stop: stop,
		Metadata: api.CoreMetadata{Profiles: sdk.DeviceProfileClient(), Devices: sdk.DeviceClient()}}, secrets); err == nil {
		err = s.follow(sdk, args)
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// options say where the rules keep what waits, and what holds for all of them.
func (s *settings) options() []rule.Option {
	return []rule.Option{
		rule.WithDefaults(s.defaults),
		rule.WithPatrol(s.Patrol),
		rule.WithDisk(delivery.Storage{
			Dir: filepath.Join(s.DataDir, "queues"), MaxBytes: s.QueueBytes, MaxAge: s.QueueAge, SyncEvery: s.QueueSync,
			DeadLetters: filepath.Join(s.DataDir, "dead-letters.jsonl"), DeadLetterBytes: s.DeadLetterBytes,
		}),
		rule.WithIntake(hub.IntakeOptions{Dir: filepath.Join(s.DataDir, "intake"), MaxBytes: s.IntakeBytes, SyncEvery: s.IntakeSync}),
	}
}

// serve opens the API.
func (s *service) serve(a *api.API, secrets interfaces.SecretProviderExt) (err error) {
	conf := s.settings
	a.DataDir, a.EtcDir, a.Version, a.Log = conf.DataDir, conf.EtcDir, builtVersion(), s.log
	a.Missing, a.Configure = s.missing, s.configure
	a.Restart = func() {
		s.restart.Store(true)
		a.Stop()
	}
	s.api = a
	s.files, err = reconcile.New(reconcile.Service{Rules: s.rules, Store: s.store, Import: a.Import, Call: a.Call, Log: s.log}, conf.Reconcile)
	if err != nil {
		return err
	}
	a.Files = s.files
	if conf.Metrics {
		s.metrics = metrics.New(s.rules, builtVersion(), conf.MetricsRules, s.log, s.files)
		a.Metrics = s.metrics
	}
	if a.Token, a.Checkers, err = access(conf, secrets, s.log); err != nil {
		return err
	}
	if conf.CertFile != "" {
		s.server, err = api.ServeTLS(conf.address(), conf.CertFile, conf.KeyFile, a.Handler(), s.log)
	} else {
		s.server, err = api.Serve(conf.address(), a.Handler(), s.log)
	}
	return err
}

// start starts the rules that are wanted to run.
func (s *service) start() {
	s.rules.Start()
	if err := s.api.ImportInitial(); err != nil {
		s.log.Error("the initial ruleset is left out", "error", err)
	}
	s.files.Start()
	s.running.Store(true)
	debug.FreeOSMemory() // what only the start has needed
	s.releaseProgram()
	s.log.Info("rules API is ready", "address", s.server.Addr, "version", builtVersion())
}

func (s *service) releaseProgram() {
	if err := releaseProgram(); err != nil {
		s.log.Debug("pages of the program stay in memory", "error", err)
	}
}

// missing is what the service still waits for before it does its work.
func (s *service) missing() (list []string) {
	if !s.running.Load() {
		list = append(list, "rules")
	}
	if !s.files.Ready() {
		list = append(list, "files")
	}
	if s.rules.Checkpoints().Replays {
		list = append(list, "replay")
	}
	return list
}

// close ends the service from the outside in: no new requests, no new rows,
// then what is on its way to the sinks.
func (s *service) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.settings.Shutdown)
	defer cancel()
	var errs []error
	if s.files != nil {
		s.files.Close()
	}
	if s.server != nil {
		// Requests that do not end must not cost the sinks their time.
		hurried, cancel := context.WithTimeout(ctx, s.settings.Shutdown/4)
		defer cancel()
		errs = append(errs, s.server.Close(hurried))
	}
	if s.rules != nil {
		errs = append(errs, s.rules.Close(ctx))
	}
	return errors.Join(append(errs, s.store.Close())...)
}
