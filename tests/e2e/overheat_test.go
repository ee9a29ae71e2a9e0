package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"sluice/tests/stack"
)

// threshold is that parameter of a rule as the service shows it.
type threshold struct {
	Value  float64
	Origin string
	Since  int64
}

func (p *plant) threshold(ctx context.Context, rule string) (threshold, error) {
	status, text, err := stack.Call(ctx, "GET", p.url(p.rules, "/rules/"+rule+"/params"), "")
	if err != nil || status != 200 {
		return threshold{}, fmt.Errorf("%d %s: %w", status, text, err)
	}
	var params struct{ Threshold threshold }
	err = json.Unmarshal([]byte(text), &params)
	return params.Threshold, err
}

// Whoever writes the threshold on the OPC UA server changes the running rules:
// the boiler is stopped over it, and its other device locked, until it has
// cooled down.
func TestOverheat(t *testing.T) {
	p := startBox(t)
	p.bound(t, "overheat", 90)
	started := p.started(t, "overheat")
	t.Run("a written threshold counts at once", func(t *testing.T) {
		write := time.Now()
		stack.MustCall(t, 200, "PUT", p.url(p.opcua, "/api/v3/device/name/boiler-2/Threshold"), `{"Threshold":"75"}`)
		now := p.bound(t, "overheat", 75)
		t.Logf("the rule has it %d ms after the write", now.Since-write.UnixMilli())
	})
	t.Run("over it the boiler is stopped", func(t *testing.T) {
		p.becomes(t, "true", "LOCKED")
		p.isTold(t, "stopped over 75 degC")
	})
	t.Run("5 degC below it is released", func(t *testing.T) {
		p.becomes(t, "false", "UNLOCKED")
		p.isTold(t, "released 5 degC under 75 degC")
	})
	if again := p.started(t, "overheat"); again != started {
		t.Errorf("the rule was started at %v and at %v", started, again)
	}
	t.Run("a killed rules service keeps it", func(t *testing.T) {
		before := p.bound(t, "overheat", 75)
		p.kill(t, "rules-service")
		p.keeps(t, "overheat", started, before)
	})
}

// bound waits until the threshold of a rule has come from the device.
func (p *plant) bound(t *testing.T, rule string, value float64) (now threshold) {
	t.Helper()
	stack.Eventually(t, func(ctx context.Context) (err error) {
		now, err = p.threshold(ctx, rule)
		if err == nil && (now.Value != value || now.Origin != "query") {
			err = fmt.Errorf("the threshold is %+v", now)
		}
		return err
	})
	return now
}

// keeps waits until a rule runs again that was started at a time, and wants it to
// have the threshold that it had before.
func (p *plant) keeps(t *testing.T, rule string, started float64, before threshold) {
	t.Helper()
	stack.Eventually(t, func(context.Context) error {
		if p.started(t, rule) == started {
			return fmt.Errorf("the killed service answers")
		}
		return nil
	})
	if after := p.bound(t, rule, before.Value); after.Since != before.Since {
		t.Errorf("the threshold came at %d, and again at %d", before.Since, after.Since)
	}
}

// started is when a rule was started; 0: it is not there.
func (p *plant) started(t *testing.T, rule string) float64 {
	t.Helper()
	var status struct{ LastStartTimestamp float64 }
	stack.Eventually(t, func(ctx context.Context) error {
		code, text, err := stack.Call(ctx, "GET", p.url(p.rules, "/rules/"+rule+"/status"), "")
		if err != nil || code != 200 {
			return fmt.Errorf("%d %s: %w", code, text, err)
		}
		return json.Unmarshal([]byte(text), &status)
	})
	return status.LastStartTimestamp
}

// becomes waits until the stop node and the admin state of boiler-1 are so.
func (p *plant) becomes(t *testing.T, stop, state string) {
	t.Helper()
	stack.Eventually(t, func(ctx context.Context) error {
		_, node, err := stack.Call(ctx, "GET", p.url(p.opcua, "/api/v3/device/name/boiler-2/Stop"), "")
		if err != nil {
			return err
		}
		_, device, err := stack.Call(ctx, "GET", p.url(p.metadata, "/api/v3/device/name/boiler-1"), "")
		if err == nil && (!strings.Contains(node, `"value":"`+stop+`"`) || !strings.Contains(device, `"adminState":"`+state+`"`)) {
			err = fmt.Errorf("not %s and %s: %s, %s", stop, state, node, device)
		}
		return err
	})
}

// isTold waits until the ERP has an alarm of the boiler.
func (p *plant) isTold(t *testing.T, text string) {
	t.Helper()
	stack.Eventually(t, func(ctx context.Context) error {
		_, received, err := stack.Call(ctx, "GET", p.received, "")
		if err == nil && !strings.Contains(received, text) {
			err = fmt.Errorf("%q is not among %s", text, received)
		}
		return err
	})
}
