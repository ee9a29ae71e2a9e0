package api

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"

	"sluice/profiles/kubeedge"
)

// What may be secret is named, and not shown.
func TestRedactedDifferences(t *testing.T) {
	got := redacted("device", []string{
		"protocols.modbus-tcp.Port: 502 -> 1502", "protocols.opcua.Password: hush -> nothing", "protocols.mqtt.URL: tcp://u:hush@h -> tcp://h", "protocols.opcua.SecretName: a -> b",
	})
	want := []string{"protocols.modbus-tcp.Port: 502 -> 1502", "protocols.opcua.Password is another one", "protocols.mqtt.URL is another one", "protocols.opcua.SecretName is another one"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := redacted("rule", []string{"actions: [map[mqtt:map[topic:a]]] -> [map[mqtt:map[topic:b]]]", "sql: SELECT 1 -> SELECT 2"}); !slices.Equal(got, []string{"actions is another one", "sql: SELECT 1 -> SELECT 2"}) {
		t.Errorf("%q", got)
	}
}

// Streams may have secrets in EXTRA, which are part of their SQL.
func TestRedactedStreams(t *testing.T) {
	got := redacted("stream", []string{`sql: CREATE STREAM a () WITH (EXTRA="{\"password\": \"hush\"}") -> CREATE STREAM a ()`})
	if !slices.Equal(got, []string{"sql is another one"}) {
		t.Errorf("%q", got)
	}
}

// A tag may hold anything, also what Go cannot compare.
func TestNamespacesThatAreNone(t *testing.T) {
	odd := dtos.Device{Name: "a", Tags: map[string]any{kubeedge.TagNamespace: map[string]any{}}}
	if list := strangers(kubeedge.Result{Devices: []kubeedge.Instance{{Device: odd}}}, kubeedge.Existing{Devices: []dtos.Device{odd}}); list != nil {
		t.Error(list)
	}
}

func TestWithoutCoreMetadata(t *testing.T) {
	_, err := CoreMetadata{}.existing(t.Context())
	var at *located
	if !errors.As(err, &at) || at.status != http.StatusServiceUnavailable || !strings.Contains(err.Error(), "Clients.core-metadata") {
		t.Errorf("%v", err)
	}
}
