package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// deviceWriteCmd sets values.
type deviceWriteCmd struct {
	Device  string   `arg:"" help:"Name of the device."`
	Values  []string `arg:"" name:"value" help:"What to set: RESOURCE=VALUE."`
	Command string   `short:"c" placeholder:"NAME" help:"Set them at once by this device command, neighbours in one request; without, one after the other."`
}

// Run sets the values in their order. What comes after a refusal is not set.
func (c *deviceWriteCmd) Run(s *session, d *deviceService) error {
	values := map[string]string{}
	var names []string
	for _, v := range c.Values {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return usage{fmt.Errorf("%q is not RESOURCE=VALUE", v)}
		}
		if _, twice := values[name]; twice {
			return usage{fmt.Errorf("%s is given twice", name)}
		}
		values[name], names = value, append(names, name)
	}
	if c.Command != "" {
		err := c.set(s, d, c.Command, values)
		return c.told(s, names, values, err)
	}
	for i, name := range names {
		if err := c.set(s, d, name, map[string]string{name: values[name]}); err != nil {
			if !strings.Contains(err.Error(), name) {
				err = fmt.Errorf("%s: %w", name, err)
			}
			return errors.Join(c.told(s, names[:i], values, nil), c.unset(names[i:], err))
		}
	}
	return c.told(s, names, values, nil)
}

func (c *deviceWriteCmd) set(s *session, d *deviceService, source string, values map[string]string) error {
	var answer struct{ StatusCode int }
	_, err := d.exchange(s.ctx, http.MethodPut, commandPath(c.Device, source), values, &answer)
	return d.withHint(s.ctx, c.Device, source, err)
}

// unset names what was not set because something before it was refused.
func (c *deviceWriteCmd) unset(names []string, err error) error {
	if len(names) == 1 {
		return err
	}
	return fmt.Errorf("%w\nnot set either: %s", err, strings.Join(names[1:], ", "))
}

// told shows what was set.
func (c *deviceWriteCmd) told(s *session, names []string, values map[string]string, err error) error {
	if err != nil || len(names) == 0 {
		return err
	}
	if !s.tables() {
		done := map[string]string{}
		for _, name := range names {
			done[name] = values[name]
		}
		return s.show(done)
	}
	for _, name := range names {
		s.printf("%s = %s\n", name, values[name])
	}
	return nil
}
