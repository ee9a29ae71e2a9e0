package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/interfaces"
	"github.com/google/go-cmp/cmp"
)

// vault is a secret store with one secret.
type vault struct {
	interfaces.SecretProviderExt // the rest is not asked for
	name                         string
	data                         map[string]string
}

func (v vault) GetSecret(name string, _ ...string) (map[string]string, error) {
	if name != v.name {
		return nil, errors.New("no such secret")
	}
	return v.data, nil
}

// configuration writes a common and a private file and returns the flags.
func configuration(t *testing.T, messageBus string) []string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"common.yaml": fmt.Sprintf(`
all-services:
  Writable: {LogLevel: INFO}
  Service: {HealthCheckInterval: 10s, RequestTimeout: 5s}
  MessageBus: %s
app-services:
  Clients:
    core-metadata: {Protocol: http, Host: meta, Port: 59881}
    core-command: {Protocol: http, Host: command, Port: 59882}
device-services:
  MaxEventSize: 0
`, messageBus),
		"configuration.yaml": "MessageBus: {Disabled: true, Optional: {ClientId: mine}}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"-cd", dir, "-cc", filepath.Join(dir, "common.yaml"), "-s"}
}

func TestSettingsOfTheBus(t *testing.T) {
	t.Setenv("MESSAGEBUS_HOST", "broker")
	args := configuration(t, "{Protocol: tcp, Host: localhost, Port: 1883, Type: mqtt, AuthMode: usernamepassword, SecretName: bus, BaseTopicPrefix: plant, Optional: {Qos: '1'}}")
	b, err := bus("rules-service", args, vault{name: "bus", data: map[string]string{"username": "u", "password": "p"}})
	if err != nil {
		t.Fatal(err)
	}
	if b.Type != "mqtt" || b.Host != "broker" || b.Port != 1883 || b.Protocol != "tcp" || b.BaseTopicPrefix != "plant" || b.Disabled || b.Metadata != "http://meta:59881" || b.Command != "http://command:59882" {
		t.Errorf("%+v", b)
	}
	want := map[string]string{"Qos": "1", "ClientId": "mine", "Username": "u", "Password": "p"}
	if diff := cmp.Diff(want, b.Optional); diff != "" {
		t.Error(diff)
	}
}

func TestBusWithoutAuthentication(t *testing.T) {
	for _, mode := range []string{"none", "None", "''"} {
		b, err := bus("rules-service", configuration(t, "{Protocol: redis, Host: h, Port: 6379, Type: redis, AuthMode: "+mode+"}"), vault{})
		if err != nil || b.Type != "redis" || b.Optional["Username"] != "" {
			t.Errorf("%s: %+v, %v", mode, b, err)
		}
	}
}

func TestNoBus(t *testing.T) {
	for messageBus, want := range map[string]string{
		"{}": "the common configuration has no MessageBus; give it with -cp or -cc",
		"{Protocol: tcp, Host: h, Port: 1, Type: mqtt, AuthMode: usernamepassword, SecretName: bus}": "credentials of the message bus: Unable to get Secret Data for secure message bus: no such secret",
	} {
		if _, err := bus("rules-service", configuration(t, messageBus), vault{}); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func TestServiceKey(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-r", "-cd", "res"}, ""}, {[]string{"-sk", "a", "-s"}, "a"}, {[]string{"--serviceKey=b", "-cp"}, "b"},
	} {
		if _, key := parseFlags(c.args); key != c.want {
			t.Errorf("%v: key %q", c.args, key)
		}
	}
	t.Setenv("EDGEX_SERVICE_KEY", "env")
	if _, key := parseFlags([]string{"-sk", "a"}); key != "env" {
		t.Errorf("key %q", key)
	}
}

func TestHelp(t *testing.T) {
	for _, c := range []struct {
		args []string
		want bool
	}{{[]string{"-h"}, true}, {[]string{"-r", "--help"}, true}, {[]string{"-r"}, false}, {nil, false}} {
		if wantsHelp(c.args) != c.want {
			t.Errorf("%v", c.args)
		}
	}
}
