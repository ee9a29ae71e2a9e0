package builtin

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connector/edgex"
	"sluice/rules-service/internal/delivery"
)

func env() connector.Env { return connector.Env{Log: slog.New(slog.DiscardHandler)} }

func example(t *testing.T, text string) map[string]any {
	t.Helper()
	var props map[string]any
	if err := json.Unmarshal([]byte(text), &props); err != nil {
		t.Fatalf("the example is no JSON object: %v", err)
	}
	return props
}

// The example of every declaration loads.
func TestExamples(t *testing.T) {
	r := Registry(edgex.Bus{})
	pool := delivery.NewPool(r, env())
	for _, name := range r.Sinks() {
		t.Run("sink "+name, func(t *testing.T) {
			info, err := r.Sink(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := pool.Check(name, example(t, info.Example)); err != nil {
				t.Fatal(err)
			}
		})
	}
	for _, name := range r.Sources() {
		t.Run("source "+name, func(t *testing.T) {
			info, err := r.Source(name)
			if err != nil {
				t.Fatal(err)
			}
			c, err := info.Decode(example(t, info.Example), env())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Open(); err != nil {
				t.Fatal(err)
			}
		})
	}
	for _, name := range r.Lookups() {
		t.Run("lookup table "+name, func(t *testing.T) {
			info, err := r.Lookup(name)
			if err != nil {
				t.Fatal(err)
			}
			c, err := info.Decode(example(t, info.Example), env())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Open(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestContents(t *testing.T) {
	r := Registry(edgex.Bus{})
	for what, c := range map[string]struct {
		got  []string
		want string
	}{
		"sinks": {r.Sinks(), "aliyuniot awsiot azureiot dingtalk edgex edgexCommand feishu file huaweiiot influx influx2 log memory mqtt nop redis redisPub rest sap sql " +
			"tencentiot wechat wecom wecomapp"},
		"lookup tables": {r.Lookups(), "httppull memory redis simulator sql"},
		"sources": {r.Sources(), "aliyuniot awsiot azureiot edgex file httppull httppush huaweiiot kubeedge memory mqtt redisStream redisSub sap simulator sql " +
			"tencentiot"},
	} {
		if got := strings.Join(c.got, " "); got != c.want {
			t.Errorf("%s are %s", what, got)
		}
	}
}
