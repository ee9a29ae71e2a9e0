package main

import (
	"strings"
	"testing"
)

func completed(t *testing.T, s settings) settings {
	t.Helper()
	if err := s.complete(); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDefaults(t *testing.T) {
	s := completed(t, settings{})
	if s.address() != "127.0.0.1:59720" || s.Rules.DataDir != "./data" || s.protected() {
		t.Errorf("%+v", s)
	}
}

func TestEnvironmentNamesOfEKuiper(t *testing.T) {
	t.Setenv("KUIPER__BASIC__RESTIP", "0.0.0.0")
	t.Setenv("KUIPER__BASIC__RESTPORT", "9081")
	t.Setenv("RULES_PORT", "1")
	s := completed(t, settings{})
	if s.address() != "0.0.0.0:9081" || !s.protected() {
		t.Errorf("%s protected=%v", s.address(), s.protected())
	}
}

func TestProtection(t *testing.T) {
	for _, c := range []struct {
		host, authentication string
		want                 bool
	}{
		{"127.0.0.1", "", false}, {"localhost", "", false}, {"::1", "", false},
		{"0.0.0.0", "", true}, {"10.0.0.1", "", true}, {"plant.example", "", true},
		{"0.0.0.0", "false", false}, {"0.0.0.0", "False", false}, {"127.0.0.1", "true", true},
	} {
		var s settings
		s.Rules.Host, s.Rules.Authentication = c.host, c.authentication
		if s = completed(t, s); s.protected() != c.want {
			t.Errorf("%s %q: protected %v", c.host, c.authentication, s.protected())
		}
	}
}

func TestBadSettings(t *testing.T) {
	for _, c := range []struct {
		name, value, want string
	}{
		{"KUIPER__BASIC__RESTPORT", "http", `environment variable KUIPER__BASIC__RESTPORT: "http" is no port`},
		{"RULES_PORT", "70000", "Rules.Port: 70000 is no port"},
		{"RULES_AUTHENTICATION", "off", `Rules.Authentication: "off" must be "true", "false" or "" (on, off, or on off loopback)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv(c.name, c.value)
			var s settings
			if err := s.complete(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v", err)
			}
		})
	}
}
