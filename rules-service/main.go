// Command rules-service is an EdgeX application service that runs SQL rules on
// the message bus, with eKuiper's REST interface.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	appinterfaces "github.com/edgexfoundry/app-functions-sdk-go/v3/pkg/interfaces"
	"github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/interfaces"

	"sluice/rules-service/internal/api"
	"sluice/rules-service/internal/builtin"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/delivery"
	"sluice/rules-service/internal/rule"
	"sluice/rules-service/internal/store"
)

const (
	defaultKey = "rules-service"
	// closeTimeout is how long the end of the service waits for sinks to take
	// what the rules have yielded.
	closeTimeout = 5 * time.Second
)

func main() {
	if wantsHelp(os.Args[1:]) {
		fmt.Print(usage)
		return
	}
	if wantsVersion(os.Args[1:]) {
		fmt.Println(defaultKey, builtVersion())
		return
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "rules-service:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	// The SDK must neither connect to the bus nor wait for it: see res/. Here
	// it is said once more, for private configurations that leave it out.
	for name, value := range map[string]string{"MESSAGEBUS_DISABLED": "true", "TRIGGER_TYPE": "http"} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	_, key := parseFlags(args)
	if key == "" {
		key = defaultKey
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	sdk, err := start(ctx, key)
	if sdk == nil || err != nil {
		return err
	}
	// The SDK has no bus to report metrics on; it would log an error each time.
	sdk.MetricsManager().ResetInterval(math.MaxInt64)
	log := slog.New(&edgexHandler{client: sdk.LoggingClient()})
	s, err := open(sdk, key, args, log)
	if err != nil {
		return err
	}
	s.rules.Start()
	log.Info("rules API is ready", "address", s.server.Addr, "version", builtVersion())
	ended := make(chan struct{})
	context.AfterFunc(ctx, func() { repeatSignal(ended) })
	err = sdk.Run() // until SIGTERM, SIGINT or /stop
	close(ended)
	return errors.Join(err, s.close())
}

// service is what runs beside the SDK.
type service struct {
	store  *store.Store
	rules  *rule.Manager
	server *api.Server
}

func open(sdk appinterfaces.ApplicationService, key string, args []string, log *slog.Logger) (*service, error) {
	var conf settings
	if err := sdk.LoadCustomConfig(&conf, "Rules"); err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	if err := conf.complete(); err != nil {
		return nil, err
	}
	secrets, ok := sdk.SecretProvider().(interfaces.SecretProviderExt)
	if !ok {
		return nil, errors.New("EdgeX's SDK has no secret provider")
	}
	settings, err := bus(key, args, secrets)
	if err != nil {
		return nil, err
	}
	env := connector.Env{Log: log, Secret: func(name, key string) (string, error) {
		values, err := secrets.GetSecret(name, key)
		if err != nil {
			return "", fmt.Errorf("secret %s: %w", name, err)
		}
		return values[key], nil
	}}
	token, err := token(&conf, log)
	if err != nil {
		return nil, err
	}
	s := &service{}
	if s.store, err = store.Open(conf.Rules.DataDir); err != nil {
		return nil, err
	}
	if s.rules, err = rule.Open(s.store, builtin.Registry(settings), env, rule.WithDisk(disk(&conf))); err != nil {
		return nil, errors.Join(err, s.close())
	}
	a := &api.API{Rules: s.rules, Version: builtVersion(), Token: token, Stop: sdk.Stop, Log: log}
	if s.server, err = api.Serve(conf.address(), a.Handler(), log); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// disk is where messages wait while their sinks take none.
func disk(conf *settings) delivery.Storage {
	return delivery.Storage{
		Dir:         filepath.Join(conf.Rules.DataDir, "queues"),
		DeadLetters: filepath.Join(conf.Rules.DataDir, "dead-letters.jsonl"),
	}
}

// token is what requests must carry, or "".
func token(conf *settings, log *slog.Logger) (string, error) {
	if !conf.protected() {
		if !conf.loopback() {
			log.Warn("everybody who reaches the rules API may use it: Authentication is off and it is not bound to loopback", "address", conf.address())
		}
		return "", nil
	}
	token, path, err := api.Token(conf.Rules.DataDir)
	if err == nil {
		log.Info("requests to the rules API need the token", "file", path)
	}
	return token, err
}

// close ends the service from the outside in: no new requests, no new rows,
// then what is on its way to the sinks.
func (s *service) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	var errs []error
	if s.server != nil {
		errs = append(errs, s.server.Close(ctx))
	}
	if s.rules != nil {
		errs = append(errs, s.rules.Close(ctx))
	}
	return errors.Join(append(errs, s.store.Close())...)
}
