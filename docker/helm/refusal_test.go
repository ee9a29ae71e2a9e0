package helm

import (
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chartutil"
)

// Values that cannot work are refused by the schema or by the templates.
func TestWrongValuesAreRefused(t *testing.T) {
	for _, c := range []struct{ values, want string }{
		{`rule: {}`, "rule"},
		{`rules: {tsl: {enabled: true}}`, "tsl"},
		{`rules: {tls: {enabled: true}}`, "rules.tls.secretName"},
		{`rules: {port: 70000}`, "port"},
		{`rules: {port: "59720"}`, "port"},
		{`rules: {authentication: false}`, "authentication"},
		{`rules: {secrets: [{name: a, key: b}]}`, "secretName"},
		{`{hostNetwork: false, rules: {host: 127.0.0.1}}`, "rules.host"},
		{`kind: Deployment`, "kind"},
		{`persistence: {type: nfs}`, "persistence"},
		{`persistence: {type: pvc}`, "a DaemonSet (modbus) has no claim for each node"},
		{`modbus: {devices: {boiler.yaml: 7}}`, "boiler.yaml"},
		{`opcua: {nodeDevices: {edge-1: {"a b.yaml": text}}}`, "a b.yaml"},
		{`edgex: {messageBus: {type: kafka}}`, "messageBus"},
		{`image: {tag: 1.10}`, "tag"},
	} {
		values, err := chartutil.ReadValues([]byte(c.values))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := render(values); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one that names %q", c.values, err, c.want)
		}
	}
}
