package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// deviceCopyCmd makes devices like one that is there.
type deviceCopyCmd struct {
	Device      string   `arg:"" help:"Name of the device that is there."`
	Names       []string `arg:"" name:"copy" help:"Names of the copies; meter-{2..11} means ten."`
	Set         []string `short:"p" sep:"none" required:"" placeholder:"PROPERTY=VALUE" help:"A protocol property that differs, such as UnitID={n}, AddressOffset={100*n-100} or Address=10.0.0.{n+10}: n is the last number in the name of the copy, i counts the copies from 1."`
	Description string   `placeholder:"TEXT" help:"Description of the copies; n and i mean the same in it."`
	deviceChange
}

// Help shows how.
func (*deviceCopyCmd) Help() string {
	return `Everything else is as the device has it: profile, labels, auto-events, other properties. A copy that is there already is
changed to what a new one would be.

  sluice device copy meter-1 'meter-{2..11}' --set UnitID={n}                  ten meters on one bus
  sluice device copy block-1 block-2 block-3 --set AddressOffset={100*n-100}   equal blocks of registers in one device
  sluice device copy plc-1 'plc-{2..5}' --set Address=192.168.0.{n+30}         the same at other addresses`
}

// copyWish is one copy, as the service takes it.
type copyWish struct {
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	Properties  map[string]string `json:"properties"`
}

// Run shows the copies first.
func (c *deviceCopyCmd) Run(s *session, d *deviceService) error {
	wishes, err := c.wishes()
	if err != nil {
		return usage{err}
	}
	var parts []part
	for begin := 0; begin < len(wishes); begin += partSize {
		some := wishes[begin:min(begin+partSize, len(wishes))]
		body, err := json.Marshal(map[string]any{"device": c.Device, "copies": some})
		if err != nil {
			return err
		}
		parts = append(parts, part{body: string(body), line: func(n int) int { return begin + n }})
	}
	if _, _, err := d.device(s.ctx, c.Device); err != nil {
		return err
	}
	return c.carryOut(s, d, "copy", parts)
}

func (c *deviceCopyCmd) wishes() ([]copyWish, error) {
	var names []string
	for _, pattern := range c.Names {
		some, err := expandName(pattern)
		if err != nil {
			return nil, err
		}
		names = append(names, some...)
	}
	wishes := make([]copyWish, len(names))
	for i, name := range names {
		if name == c.Device {
			return nil, fmt.Errorf("%s is the device itself", name)
		}
		w, err := c.wish(name, variablesOf(name, i+1))
		if err != nil {
			return nil, err
		}
		wishes[i] = w
	}
	return wishes, nil
}

func (c *deviceCopyCmd) wish(name string, v variables) (copyWish, error) {
	w := copyWish{Name: name, Properties: map[string]string{}}
	for _, set := range c.Set {
		property, value, ok := strings.Cut(set, "=")
		if !ok || property == "" {
			return w, fmt.Errorf("--set %q is not PROPERTY=VALUE", set)
		}
		if _, twice := w.Properties[property]; twice {
			return w, fmt.Errorf("--set %s is given twice", property)
		}
		var err error
		if w.Properties[property], err = v.fill(value); err != nil {
			return w, fmt.Errorf("--set %s of %s: %w", property, name, err)
		}
	}
	var err error
	if w.Description, err = v.fill(c.Description); err != nil {
		return w, fmt.Errorf("--description of %s: %w", name, err)
	}
	return w, nil
}
