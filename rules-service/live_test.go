package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

// pushTree puts a YAML document below a key of Consul.
func pushTree(t *testing.T, base, text string) {
	t.Helper()
	var tree map[string]any
	if err := yaml.Unmarshal([]byte(text), &tree); err != nil {
		t.Fatal(err)
	}
	var push func(path string, node any)
	push = func(path string, node any) {
		if m, ok := node.(map[string]any); ok {
			for k, v := range m {
				push(path+"/"+k, v)
			}
			return
		}
		stack.MustCall(t, 200, "PUT", base+path, fmt.Sprint(node))
	}
	push("", tree)
}

// TestChangesInConsul: what may change while the service runs does, and what
// is not right is told and not taken.
func TestChangesInConsul(t *testing.T) {
	consul := servers.Consul(t)
	kv := "http://" + consul.Addr() + "/v1/kv/edgex/v3/"
	p, args := configured(t, "  Timezone: UTC\n  Metrics: {MaxRules: 5}\n  Rule: {Qos: 0}\n")
	common, err := os.ReadFile(args[1])
	if err != nil {
		t.Fatal(err)
	}
	pushTree(t, kv+"core-common-config-bootstrapper", string(common))
	stack.MustCall(t, 200, "PUT", kv+"core-common-config-bootstrapper/IsCommonConfigReady", "true")
	p.begin(t, append([]string{"-cp=consul.http://" + consul.Addr()}, args[2:]...), nil)
	stack.Answers(t, p.api+"/readyz")

	logged := func(text string) {
		t.Helper()
		stack.Eventually(t, func(context.Context) error {
			if !strings.Contains(p.Output(), text) {
				return errors.New("the log has no " + text)
			}
			return nil
		})
	}
	set := func(key, value string) {
		t.Helper()
		stack.MustCall(t, 200, "PUT", kv+"rules-service/Rules/"+key, value)
	}
	levels := []string{"trace", "debug"}
	stack.Eventually(t, func(context.Context) error { // the SDK drops what it hears before its first answer
		set("LogLevel", levels[0])
		levels[0], levels[1] = levels[1], levels[0]
		if !strings.Contains(p.Output(), "log level has changed") {
			return errors.New("the level does not change")
		}
		return nil
	})
	p.call(t, 200, "GET", "/rules", "")
	logged("path=/rules")

	p.call(t, 201, "POST", "/streams", ticks)
	rule := func(id string) {
		t.Helper()
		p.call(t, 201, "POST", "/rules", fmt.Sprintf(`{"id":%q,"sql":"SELECT a FROM ticks","actions":[{"nop":{}}]}`, id))
	}
	set("Rule/LateTolerance", "much") // refused
	logged(`configuration key Rules.Rule.LateTolerance: \"much\" must be a time`)
	set("Rule/LateTolerance", "7s")
	set("Metrics/MaxRules", "0")
	p.until(t, "/metrics", `kuiper_rule_count{status="running"} 0`)
	rule("r")
	p.until(t, "/metrics", `kuiper_sink_records_in_total{op="nop",op_instance="0",rule="",type="sink"}`)
	set("Port", "1")
	logged("at the next start")
	set("Timezone", "Asia/Tokyo")
	logged("Rules.Timezone")
	p.call(t, 200, "GET", "/rules/r/status", "")
}
