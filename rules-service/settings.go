package main

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/secret"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/metrics"
	"sluice/rules-service/internal/reconcile"
	"sluice/rules-service/internal/rule"
	"sluice/sqlengine/diag"
)

// section is the service's own part of EdgeX's configuration, as it is there:
// what it means, settings say.
type section struct{ Rules map[string]any }

// UpdateFromRaw takes what the configuration provider has.
func (s *section) UpdateFromRaw(raw any) bool {
	from, ok := raw.(*section)
	if ok {
		*s = *from
	}
	return ok
}

// settings are what the section and the environment say, checked. keys.go has
// the name of each.
type settings struct {
	Host           string
	Port           int
	CertFile       string
	KeyFile        string
	Authentication string
	PublicKeys     string
	DataDir        string
	EtcDir         string
	LogLevel       string
	LogFormat      string
	Zone           *time.Location
	Patrol         time.Duration
	Shutdown       time.Duration
	Metrics        bool
	MetricsRules   int

	QueueBytes      int64
	QueueAge        time.Duration
	QueueSync       time.Duration
	DeadLetterBytes int64
	AESKey          string
	IntakeBytes     int64
	IntakeSync      time.Duration

	Reconcile     reconcile.Options
	ExternalFiles bool             // connectors may touch files outside of DataDir
	Push          connector.Listen // for httppush

	Options map[string]any // of rules that do not set them
	Sinks   map[string]any // properties of actions that do not set them

	defaults *rule.Defaults // of Options; nil: there are none
}

func defaultSettings() *settings {
	return &settings{
		Host: "127.0.0.1", Port: 59720, DataDir: "./data", LogFormat: "text", Zone: time.Local, Patrol: 10 * time.Second, Shutdown: 5 * time.Second,
		Metrics: true, MetricsRules: metrics.DefaultRules, QueueBytes: 1 << 30, DeadLetterBytes: 64 << 20, IntakeBytes: 1 << 30,
		Reconcile: reconcile.Options{Interval: 10 * time.Second}, ExternalFiles: true, Push: defaultPush, Options: map[string]any{}, Sinks: map[string]any{},
	}
}

// readSettings takes the section, over it the environment, and checks the
// result. The notes are variables that have no effect here.
func readSettings(raw map[string]any, environ []string) (s *settings, notes []string, err error) {
	s = defaultSettings()
	if err := s.takeSection("", raw); err != nil {
		return nil, nil, err
	}
	if notes, err = s.takeEnvironment(environ); err != nil {
		return nil, nil, err
	}
	return s, notes, s.check()
}

// takeSection takes the keys below a path. A provider has texts for everything.
func (s *settings) takeSection(path string, raw map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		full := path + name
		if below, ok := raw[name].(map[string]any); ok {
			if err := s.takeSection(full+".", below); err != nil {
				return err
			}
			continue
		}
		k, err := keyNamed(full)
		if err == nil {
			err = k.set(s, textOf(raw[name]))
		}
		if err != nil {
			return fmt.Errorf("configuration key Rules.%s: %w", full, err)
		}
	}
	return nil
}

func textOf(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// takeEnvironment takes variables: ours first, so that those of eKuiper win, in
// an order of their own that does not depend on the system's.
func (s *settings) takeEnvironment(environ []string) (notes []string, err error) {
	list := slices.Clone(environ)
	slices.SortFunc(list, func(a, b string) int { return strings.Compare(strings.ToUpper(b), strings.ToUpper(a)) })
	for _, entry := range list {
		name, text, _ := strings.Cut(entry, "=")
		note, err := s.takeVariable(strings.ToUpper(name), text)
		if err != nil {
			return nil, fmt.Errorf("environment variable %s: %w", name, err)
		}
		if note != "" {
			notes = append(notes, name+" has no effect: "+note)
		}
	}
	return notes, nil
}

func (s *settings) takeVariable(name, text string) (note string, err error) {
	kuiper := strings.HasPrefix(name, kuiperPrefix)
	if !kuiper && !strings.HasPrefix(name, ownPrefix) || strings.HasPrefix(name, secretPrefix) || text == "" {
		return "", nil
	}
	if k, ok := keyOfVariable(name); ok {
		return "", k.set(s, text)
	}
	if reason := withoutEffect(name); reason != "" {
		return reason, nil
	}
	switch hint := diag.Nearest(name, variables()); {
	case hint != "":
		return "", fmt.Errorf("unknown; did you mean %s?", hint)
	case kuiper:
		return "", errors.New("unknown; remove it")
	}
	return "", nil // of somebody else, such as the address of another service
}

// check checks what concerns more than one key, or not all texts.
func (s *settings) check() (err error) {
	switch {
	case s.Port < 0 || s.Port > 65535:
		return fmt.Errorf("Rules.Port: %d is no port", s.Port)
	case (s.CertFile == "") != (s.KeyFile == ""):
		return errors.New("Rules.RestTLS: CertFile and KeyFile belong together; give both or none")
	case !slices.Contains([]string{"", "true", "false"}, s.Authentication):
		return fmt.Errorf(`Rules.Authentication: %q must be "true", "false" or "" (on, off, or on off loopback)`, s.Authentication)
	case !slices.Contains([]string{"text", "json"}, s.LogFormat):
		return fmt.Errorf(`Rules.LogFormat: %q must be "text" or "json"`, s.LogFormat)
	case s.Shutdown <= 0:
		return fmt.Errorf("Rules.GracefulShutdownTimeout: %v is no time to end in", s.Shutdown)
	case s.Patrol <= 0:
		return fmt.Errorf("Rules.RulePatrolInterval: %v must be above 0", s.Patrol)
	case s.Reconcile.Interval <= 0:
		return fmt.Errorf("Rules.Reconcile.Interval: %v must be above 0", s.Reconcile.Interval)
	case s.MetricsRules < 0 || s.QueueBytes < 0 || s.DeadLetterBytes < 0 || s.QueueAge < 0 || s.QueueSync < 0 || s.IntakeBytes < 0 || s.IntakeSync < 0:
		return errors.New("bounds in the section Rules must not be negative")
	}
	if err := checkAESKey(s.AESKey); err != nil {
		return fmt.Errorf("Rules.AESKey: %w", err)
	}
	if err := s.checkConnectors(); err != nil {
		return err
	}
	if s.LogLevel, err = edgexLevel(s.LogLevel); err != nil {
		return fmt.Errorf("Rules.LogLevel: %w", err)
	}
	if len(s.Options) == 0 {
		return nil
	}
	if s.defaults, err = rule.ParseDefaults(s.Options); err != nil {
		return fmt.Errorf("Rules.Rule: %w", err)
	}
	return nil
}

func (s *settings) address() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// loopback tells whether only this machine can reach the API.
func (s *settings) loopback() bool {
	if strings.EqualFold(s.Host, "localhost") {
		return true
	}
	ip := net.ParseIP(s.Host)
	return ip != nil && ip.IsLoopback()
}

// protected tells whether requests need a token.
func (s *settings) protected() bool {
	switch s.Authentication {
	case "true":
		return true
	case "false":
		return false
	}
	return !s.loopback() || secured()
}

// secured tells whether EdgeX runs with its secret store and has services check
// who calls.
func secured() bool {
	off, _ := strconv.ParseBool(os.Getenv("EDGEX_DISABLE_JWT_VALIDATION")) // as the SDK reads it
	return secret.IsSecurityEnabled() && !off
}
