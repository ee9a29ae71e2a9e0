package stack

import (
	"context"
	"encoding/json"
	"fmt"
)

// Passing is nil once the only check of a service at the Consul of a URL passes.
func Passing(ctx context.Context, consul, service string) error {
	_, text, err := Call(ctx, "GET", consul+"/v1/health/checks/"+service, "")
	if err != nil {
		return err
	}
	var checks []struct{ Status string }
	if err := json.Unmarshal([]byte(text), &checks); err != nil {
		return err
	}
	if len(checks) != 1 || checks[0].Status != "passing" {
		return fmt.Errorf("%s is not healthy: %s", service, text)
	}
	return nil
}

// Received is nil once the nop sink of the rule whose status a URL has got a row.
func Received(ctx context.Context, url string) error {
	_, text, err := Call(ctx, "GET", url, "")
	if err != nil {
		return err
	}
	var status map[string]any
	if err := json.Unmarshal([]byte(text), &status); err != nil {
		return err
	}
	if n, _ := status["sink_nop_0_0_records_in_total"].(float64); n == 0 {
		return fmt.Errorf("nothing received yet: %s", text)
	}
	return nil
}
