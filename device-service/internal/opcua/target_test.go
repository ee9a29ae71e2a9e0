package opcua

import (
	"strings"
	"testing"
	"time"

	"sluice/device-service/internal/driver"
)

func TestParseTarget(t *testing.T) {
	dev := func(properties map[string]any) driver.Device {
		return driver.Device{Name: "d", Protocols: map[string]map[string]any{"opcua": properties, "other": {"Address": "x"}}}
	}
	open := security{"None", "None", "anonymous", ""}
	for _, tc := range []struct {
		properties map[string]any
		want       target
	}{
		{map[string]any{"Endpoint": "opc.tcp://plc", "Policy": "Aes128_Sha256_RsaOaep", "Authentication": "Username", "SecretName": "plc"},
			target{"opc.tcp://plc", time.Second, security{"Aes128_Sha256_RsaOaep", "SignAndEncrypt", "username", "plc"}}},
		{map[string]any{"Endpoint": "opc.tcp://plc", "Mode": "Sign"}, target{"opc.tcp://plc", time.Second, security{"Basic256Sha256", "Sign", "anonymous", ""}}},
		{map[string]any{"Endpoint": "opc.tcp://plc:4840"}, target{"opc.tcp://plc:4840", time.Second, open}},
		{map[string]any{"Endpoint": " opc.tcp://plc/path ", "Policy": "None", "Mode": "None"}, target{"opc.tcp://plc/path", time.Second, open}},
		{map[string]any{"Endpoint": "opc.tcp://[::1]:4840", "Policy": "", "Timeout": "250ms"}, target{"opc.tcp://[::1]:4840", 250 * time.Millisecond, open}},
	} {
		if got, err := parseTarget(dev(tc.properties), time.Second); err != nil || got != tc.want {
			t.Errorf("%v: %v, %v", tc.properties, got, err)
		}
	}
	for _, tc := range []struct {
		properties map[string]any
		want       string
	}{
		{map[string]any{}, `protocol property "Endpoint": missing; write it as opc.tcp://host:4840`},
		{map[string]any{"Endpoint": 4840}, `protocol property "Endpoint": missing`},
		{map[string]any{"Endpoint": "plc:4840"}, `scheme "plc" is not supported; write it as opc.tcp://host:4840`},
		{map[string]any{"Endpoint": "opc.tcp:///x"}, `no host`},
		{map[string]any{"Endpoint": "opc.tcp://plc", "Mode": "Encrypt"}, `protocol property "Mode": "Encrypt" is unknown; there are None, Sign, SignAndEncrypt`},
		{map[string]any{"Endpoint": "opc.tcp://plc", "Mode": "Sign", "Policy": "None"}, `protocol property "Mode": Sign does not go with the policy None`},
		{map[string]any{"Endpoint": "opc.tcp://plc", "Policy": "Basic256Sha512"}, `protocol property "Policy": "Basic256Sha512" is unknown; there are None, Basic128Rsa15, Basic256`},
		{map[string]any{"Endpoint": "opc.tcp://plc", "Authentication": "username"}, `protocol property "SecretName": missing; Authentication username takes its secret by this name`},
		{map[string]any{"Endpoint": "opc.tcp://plc", "Timeout": 5}, `protocol property "Timeout": 5 is not a time span; write it with its unit, such as 5s or 500ms`},
		{map[string]any{"Endpoint": "opc.tcp://plc", "Timeout": "-1s"}, `-1s is not a time span`},
		{map[string]any{"Endpoint": "opc.tcp://plc", "Polcy": "None"}, `protocol property "Polcy": unknown property. Did you mean "Policy"?`},
	} {
		_, err := parseTarget(dev(tc.properties), time.Second)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v: %v; want an error with %q", tc.properties, err, tc.want)
		}
	}
}

func TestEndpointErrorsHideSecrets(t *testing.T) {
	for _, endpoint := range []string{"opc.tcp://joe:hush@plc:4840", "opc.tcp://joe:hush@plc:48 40", "joe:hush"} {
		_, err := parseEndpoint(endpoint)
		if err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
}

func TestMissingProtocol(t *testing.T) {
	_, err := parseTarget(driver.Device{Protocols: map[string]map[string]any{"OPC-UA": {}}}, time.Second)
	want := `protocol property "opcua": missing; the device needs protocol "opcua" with property "Endpoint". Rename protocol "OPC-UA".`
	if err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
}

func TestCheckResource(t *testing.T) {
	for _, tc := range []struct {
		attributes map[string]any
		want       string
	}{
		{map[string]any{"nodeId": "ns=2;s=a"}, ""},
		{map[string]any{"NodeId": "ns=2;s=a"}, `resource "r", attribute "NodeId": unknown attribute. Did you mean "nodeId"?`},
		{map[string]any{"nodeld": "ns=2;s=a"}, `resource "r", attribute "nodeld": unknown attribute. Did you mean "nodeId"?`},
		{map[string]any{"colour": "red"}, "resource \"r\", attribute \"colour\": unknown attribute\nresource \"r\", attribute \"nodeId\": missing; " + nodeIDForm},
		{map[string]any{"nodeId": 5.0}, `resource "r", attribute "nodeId": 5 is not a text; ` + nodeIDForm},
		{map[string]any{"methodId": "i=1"}, `resource "r", attribute "objectId": missing; ` + nodeIDForm + ``},
	} {
		err := checkResource(driver.Resource{Name: "r", Type: "Int32", Attributes: tc.attributes})
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("%v:\n%s\nwant\n%s", tc.attributes, got, tc.want)
		}
	}
}
