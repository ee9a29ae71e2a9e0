package influx

import (
	"errors"
	"maps"
	"strings"
	"testing"
)

func errorsAs[T error](err error, target *T) bool { return errors.As(err, target) }

// Every property of the contract is taken.
func TestContract(t *testing.T) {
	common := map[string]any{"measurement": "m", "tags": map[string]any{"a": "{{.a}}"}, "fields": []any{"a"}, "tsFieldName": "ts", "precision": "us",
		"rootCaPath": "", "certificationPath": "", "privateKeyPath": "", "certificationRaw": "", "privateKeyRaw": "", "rootCARaw": "",
		"insecureSkipVerify": true, "tlsMinVersion": "tls1.2", "renegotiationSupport": "never", "batchSize": 10, "lingerInterval": 10}
	for name, own := range map[string]map[string]any{
		"influx":  {"addr": "http://h:1", "database": "d", "username": "u", "password": "p"},
		"influx2": {"addr": "http://h:1", "token": "t", "org": "o", "bucket": "b", "useLineProtocol": true},
	} {
		props := maps.Clone(common)
		maps.Copy(props, own)
		c, err := decode(name, props)
		if err != nil {
			t.Fatal(name, err)
		}
		if !c.Common.SendSingle || c.Templates["tags.a"] != "{{.a}}" || len(c.Common.Fields) > 0 {
			t.Errorf("%s: %+v", name, c)
		}
		if _, err := c.Open(); err != nil {
			t.Error(name, err)
		}
	}
}

// Mistakes are told when the rule is created.
func TestBadProperties(t *testing.T) {
	good := map[string]map[string]any{
		"influx":  {"database": "d", "measurement": "m"},
		"influx2": {"org": "o", "bucket": "b", "measurement": "m"},
	}
	for _, c := range []struct {
		sink, name string
		value      any
		want       string
	}{
		{"influx", "addr", "ftp://x", `property "addr": "ftp://x" is no address`},
		{"influx", "addr", "http://u:hunter2@", `is no address such as`},
		{"influx", "addr", []any{1.0}, `property "addr": a text is wanted, not a list`},
		{"influx", "database", nil, ""},
		{"influx", "database", map[string]any{}, `property "database": a text is wanted`},
		{"influx", "datbase", "d", `unknown property "datbase"; did you mean "database"?`},
		{"influx", "precision", "m", `property "precision": "m" is no unit; there are ns, us, ms and s`},
		{"influx", "tags", "device", `property "tags": an object is wanted`},
		{"influx", "tags", map[string]any{"a": []any{}}, `property "tags".a: a text is wanted, not a list`},
		{"influx", "tags", map[string]any{"": "a"}, `a tag has no name`},
		{"influx", "fields", []any{map[string]any{}}, `property "fields"[0]: a text is wanted`},
		{"influx", "tsFieldName", []any{}, `property "tsFieldName": a text is wanted`},
		{"influx", "compression", "zstd", `property "compression": there is gzip, not "zstd"`},
		{"influx", "timeout", 0.0, `property "timeout" must be positive`},
		{"influx", "timeout", "soon", `property "timeout": milliseconds or a text such as "10s" are wanted`},
		{"influx", "username", true, ""},
		{"influx", "password", []any{"hunter2"}, `property "password": a text is wanted, not a list`},
		{"influx2", "token", map[string]any{"a": "hunter2"}, `property "token": a text is wanted, not an object`},
		{"influx2", "useLineProtocol", "perhaps", `property "useLineProtocol": true or false is wanted`},
		{"influx2", "bucket", "", `property "bucket" is missing`},
		{"influx2", "org", "", `property "org" is missing`},
		{"influx2", "measurement", "", `property "measurement" is missing`},
		{"influx2", "insecureSkipVerify", "maybe", `property "insecureSkipVerify": true or false is wanted`},
	} {
		props := maps.Clone(good[c.sink])
		props[c.name] = c.value
		_, err := decode(c.sink, props)
		switch {
		case c.want == "" && err == nil, c.name == "database" && c.value == nil:
		case err == nil || !strings.Contains(err.Error(), c.want):
			t.Errorf("%s %s %v: %v; want %s", c.sink, c.name, c.value, err, c.want)
		case strings.Contains(err.Error(), "hunter2"):
			t.Errorf("a secret is shown: %v", err)
		}
	}
	for name, props := range map[string]map[string]any{
		`property "tlsMinVersion"`:       {"tlsMinVersion": "tls1.0"},
		`property "rootCaPath"`:          {"rootCaPath": "/nowhere/ca.pem"},
		`property "rootCaRaw" is not`:    {"rootCARaw": "%%"},
		"a client's certificate and its": {"certificationRaw": "YQ=="},
	} {
		all := maps.Clone(good["influx"])
		maps.Copy(all, props)
		c, err := decode("influx", all)
		if err == nil {
			_, err = c.Open()
		}
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v: %v", props, err)
		}
	}
}
