package main

import (
	"fmt"
	"strings"
	"time"
)

// deviceListCmd lists devices.
type deviceListCmd struct{}

// Run shows them in a line each.
func (c *deviceListCmd) Run(s *session, d *deviceService) error {
	list, a, err := d.devices(s.ctx)
	if err != nil {
		return err
	}
	if !s.tables() {
		return s.showText(a.body)
	}
	rows := [][]string{{"DEVICE", "PROFILE", "STATE", "LAST ANSWER", "AUTO-EVENTS", "WRONG"}}
	for i := range list {
		one := &list[i]
		rows = append(rows, []string{one.Name, one.Profile, one.state(), one.lastAnswer(), one.AutoEvents, oneLine(one.wrong())})
	}
	return s.table(rows)
}

// state is how a device is, and whether somebody has taken it out of service.
func (d *device) state() string {
	switch {
	case d.AdminState == "LOCKED":
		return "locked"
	case d.OperatingState == "DOWN":
		return "set down"
	}
	return d.State
}

func (d *device) lastAnswer() string {
	at, err := time.Parse(time.RFC3339, d.LastConnected)
	if err != nil {
		return "never"
	}
	return at.Local().Format(time.DateTime)
}

// wrong is what keeps the device, or parts of it, from being read.
func (d *device) wrong() string {
	if d.Error != "" || len(d.Faults) == 0 {
		return d.Error
	}
	return "not read: " + strings.Join(sorted(d.Faults), ", ")
}

// deviceGetCmd shows one device.
type deviceGetCmd struct {
	Device string `arg:"" help:"Its name."`
}

// Run shows all that the service knows of it.
func (c *deviceGetCmd) Run(s *session, d *deviceService) error {
	one, a, err := d.device(s.ctx, c.Device)
	if err != nil {
		return err
	}
	if !s.tables() {
		return s.showText(a.body)
	}
	head := [][]string{{"device", one.Name}, {"profile", one.Profile}, {"state", one.state()}, {"last answer", one.lastAnswer()}}
	for _, line := range [][]string{{"wrong", one.Error}, {"description", one.Description}, {"labels", strings.Join(one.Labels, " ")}, {"auto-events", one.AutoEvents}} {
		if line[1] != "" {
			head = append(head, line)
		}
	}
	for _, protocol := range sorted(one.Protocols) {
		for _, property := range sorted(one.Protocols[protocol]) {
			head = append(head, []string{protocol + "." + property, fmt.Sprint(one.Protocols[protocol][property])})
		}
	}
	if err := s.table(head); err != nil {
		return err
	}
	s.printf("\n")
	rows := [][]string{{"SOURCE", "KIND", "ACCESS", "TYPE, OR RESOURCES", "UNITS", "WRONG"}}
	for i := range one.Sources {
		r := &one.Sources[i]
		kind := r.Type
		if r.Kind == "command" {
			kind = strings.Join(r.Resources, " ")
		}
		rows = append(rows, []string{r.Name, r.Kind, r.ReadWrite, kind, r.Units, oneLine(one.Faults[r.Name])})
	}
	return s.table(rows)
}
