package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
)

// settings are the service's own section of the configuration.
type settings struct {
	Rules struct {
		Host           string
		Port           int
		DataDir        string
		Authentication string
	}
}

// UpdateFromRaw takes what the configuration provider has.
func (s *settings) UpdateFromRaw(raw any) bool {
	from, ok := raw.(*settings)
	if ok {
		*s = *from
	}
	return ok
}

// overrides are the environment variables of the section. The SDK applies none
// to it when the configuration is a file; the names of eKuiper come last.
var overrides = []struct {
	name string
	set  func(s *settings, text string) error
}{
	{"RULES_HOST", (*settings).setHost},
	{"RULES_PORT", (*settings).setPort},
	{"RULES_DATADIR", func(s *settings, text string) error { s.Rules.DataDir = text; return nil }},
	{"RULES_AUTHENTICATION", func(s *settings, text string) error { s.Rules.Authentication = text; return nil }},
	{"KUIPER__BASIC__RESTIP", (*settings).setHost},
	{"KUIPER__BASIC__RESTPORT", (*settings).setPort},
	{"KUIPER__BASIC__AUTHENTICATION", func(s *settings, text string) error { s.Rules.Authentication = text; return nil }},
}

func (s *settings) setHost(text string) error { s.Rules.Host = text; return nil }

func (s *settings) setPort(text string) error {
	port, err := strconv.Atoi(text)
	if err != nil {
		return fmt.Errorf("%q is no port", text)
	}
	s.Rules.Port = port
	return nil
}

// complete applies the environment and the defaults, and checks the result.
func (s *settings) complete() error {
	for _, o := range overrides {
		text, ok := os.LookupEnv(o.name)
		if !ok || text == "" {
			continue
		}
		if err := o.set(s, text); err != nil {
			return fmt.Errorf("environment variable %s: %w", o.name, err)
		}
	}
	r := &s.Rules
	if r.Host == "" {
		r.Host = "127.0.0.1"
	}
	if r.Port == 0 {
		r.Port = 59720
	}
	if r.DataDir == "" {
		r.DataDir = "./data"
	}
	if r.Port < 0 || r.Port > 65535 {
		return fmt.Errorf("Rules.Port: %d is no port", r.Port)
	}
	switch strings.ToLower(r.Authentication) {
	case "", "true", "false":
		return nil
	}
	return fmt.Errorf(`Rules.Authentication: %q must be "true", "false" or "" (on, off, or on off loopback)`, r.Authentication)
}

func (s *settings) address() string {
	return net.JoinHostPort(s.Rules.Host, strconv.Itoa(s.Rules.Port))
}

// loopback tells whether only this machine can reach the API.
func (s *settings) loopback() bool {
	if strings.EqualFold(s.Rules.Host, "localhost") {
		return true
	}
	ip := net.ParseIP(s.Rules.Host)
	return ip != nil && ip.IsLoopback()
}

// protected tells whether requests need a token.
func (s *settings) protected() bool {
	switch strings.ToLower(s.Rules.Authentication) {
	case "true":
		return true
	case "false":
		return false
	}
	return !s.loopback()
}
