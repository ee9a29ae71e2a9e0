package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// deviceChange is a change of devices that is shown first.
type deviceChange struct {
	DryRun bool `help:"Show what would change, and change nothing."`
	Yes    bool `short:"y" help:"Do not ask; asked is at a terminal."`
}

// partSize is how many devices go into one request: the service has 5 s for
// each, as all of EdgeX.
const partSize = 20

// part is a request about some of the devices. line tells where in the whole a
// line of its answer is.
type part struct {
	body string
	line func(n int) int
}

// carryOut shows what a route would do, asks, and has it done, part by part. A
// part is done again without harm: what is as it should be stays.
func (c *deviceChange) carryOut(s *session, d *deviceService, route string, parts []part) error {
	plan, err := s.devicePlan(d, route+dryRun, "checking", parts)
	if err != nil {
		return err
	}
	plan.findTwins()
	if s.tables() {
		s.showDeviceRows(plan)
	}
	changes := plan.count("create") + plan.count("update")
	switch {
	case plan.count("error") > 0:
		return s.concludeDevices(plan, fmt.Sprintf("nothing was changed; wrong: %d of %d", plan.count("error"), len(plan.Devices)))
	case c.DryRun || changes == 0:
		return s.concludeDevices(plan, "")
	case !c.Yes && s.asks && !s.confirm("make these %d changes?", changes):
		return errors.New("nothing was changed")
	}
	return s.change(d, route, parts)
}

// change has the changes made, and shows what came of it.
func (s *session) change(d *deviceService, route string, parts []part) error {
	made, err := s.devicePlan(d, route, "changing", parts)
	if made == nil {
		return err
	}
	made.Applied = true
	wrong := ""
	if n := made.count("error"); n > 0 {
		wrong = fmt.Sprintf("refused: %d of %d; the others are done", n, len(made.Devices))
		if s.tables() {
			s.showRefusedRows(made)
		}
	}
	return errors.Join(s.concludeDevices(made, wrong), err)
}

// devicePlan sends all parts to a route. When one cannot be answered, the rows
// of those before it come with the error.
func (s *session) devicePlan(d *deviceService, route, doing string, parts []part) (*deviceRows, error) {
	all := &deviceRows{Devices: []deviceRow{}}
	for i, p := range parts {
		done := s.busy("%s part %d of %d", doing, i+1, len(parts))
		rows, err := d.rows(s, route, p)
		done()
		if err != nil && len(all.Devices) == 0 {
			return nil, err
		}
		if err != nil {
			return all, fmt.Errorf("%w\nthe devices behind %s were not reached; run it again", err, all.Devices[len(all.Devices)-1].Name)
		}
		all.Devices = append(all.Devices, rows...)
	}
	return all, nil
}

// rows sends one part. Rows that are wrong come with a status that is no
// success: 422 before anything was done, 502 when core-metadata refused some.
func (d *deviceService) rows(s *session, route string, p part) ([]deviceRow, error) {
	var answer deviceRows
	a, err := d.call(s.ctx, http.MethodPost, route, p.body)
	if a == nil {
		return nil, err
	}
	checked := a.status == http.StatusUnprocessableEntity
	if err != nil && !checked && a.status != http.StatusBadGateway {
		return nil, err
	}
	switch failed := d.decode(a, &answer); {
	case err != nil && (failed != nil || len(answer.Devices) == 0): // some other server in between
		return nil, err
	case failed != nil:
		return nil, failed
	case checked && !strings.HasSuffix(route, dryRun):
		return nil, errors.New("devices or profiles have changed since they were checked")
	}
	for i := range answer.Devices {
		answer.Devices[i].Line = p.line(answer.Devices[i].Line)
	}
	return answer.Devices, nil
}

// dryRun ends the route that only checks.
const dryRun = "?dryRun=true"
