package e2e

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"

	"sluice/tests/guide"
	"sluice/tests/stack"
)

// guide follows pages that speak of the box with its default ports.
func (p *plant) guide(t *testing.T) *guide.Guide {
	t.Helper()
	ports := map[string]string{}
	for usual, port := range map[string]int{"1883": p.bus, "59881": p.metadata, "59901": p.modbus, "59997": p.opcua, "59720": p.rules,
		"1502": p.sim, "4840": p.opcsim, "8899": p.receiver} {
		ports[usual] = strconv.Itoa(port)
	}
	return newGuide(t, ports, "SLUICE_SERVER="+p.url(p.rules, ""), "SLUICE_DEVICE_SERVICE="+p.url(p.modbus, ""), "SLUICE_OPCUA_SERVICE="+p.url(p.opcua, ""))
}

// readmeWorks runs the commands of the README, in its order, against the box.
func readmeWorks(t *testing.T, p *plant) {
	g := p.guide(t)
	before, after, ok := strings.Cut(guide.Page(t, "README.md"), "\nFive seconds later the first terminal has ")
	if !ok {
		t.Fatal("the README does not say what the terminal of the box shows")
	}
	g.Follow(t, before)
	stack.Eventually(t, func(context.Context) error {
		if !strings.Contains(p.Output(), "erp    boiler-1    much flows (flow 1") {
			return errors.New("the terminal does not show the alarm of the README's rule")
		}
		return nil
	})
	g.Follow(t, after)
	if len(g.Ran) < 7 {
		t.Errorf("the README has %d commands of ours, want 7 at least", len(g.Ran))
	}
}

// plcConnects goes through the guide for plants, with the simulated boilers in
// the place of their machines.
func plcConnects(t *testing.T, p *plant) {
	g := p.guide(t)
	g.Follow(t, guide.Page(t, "device-service/docs/connect.md"))
	if len(g.Ran) < 25 {
		t.Errorf("the guide has %d commands, want 25 at least", len(g.Ran))
	}
}
