package modbus

import (
	"context"
	"errors"
	"fmt"

	"github.com/simonvetter/modbus"

	"sluice/device-service/internal/driver"
)

// setting is one request of a write, and the resources that it sets.
type setting struct {
	request
	parts []part
}

// part is what a setting has for one resource.
type part struct {
	resource string
	request
}

// planWrites makes the requests for the writes. Nothing is written if one of
// them is wrong.
func planWrites(unit uint8, writes []driver.Write) ([]setting, error) {
	var settings []setting
	var wrong []error
	for _, w := range writes {
		r, err := writeRequest(unit, w)
		if err != nil {
			wrong = append(wrong, &driver.WriteError{Resource: w.Resource.Name, Err: err})
			continue
		}
		p := part{w.Resource.Name, r}
		if n := len(settings) - 1; n >= 0 && settings[n].extend(p) {
			continue
		}
		settings = append(settings, setting{r, []part{p}})
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	return settings, nil
}

// writeRequest is the request that sets one resource.
func writeRequest(unit uint8, w driver.Write) (request, error) {
	a, err := parseAddress(w.Resource)
	if err != nil {
		return request{}, err
	}
	if !w.Resource.Writable {
		return request{}, driver.ErrReadOnly
	}
	if !a.table.writable() {
		return request{}, fmt.Errorf("%s are %w", a.table, driver.ErrReadOnly)
	}
	r := request{unit: unit, span: a.span, write: true}
	if a.kind != "Bool" {
		r.registers, err = encode(a, w.Value)
		return r, err
	}
	on, ok := w.Value.(bool)
	switch {
	case !ok:
		return request{}, mismatch(a, w.Value)
	case a.table == coils:
		r.bits = []bool{on}
	default:
		r.mask, r.registers = a.mask(), []uint16{0}
		if on {
			r.registers[0] = r.mask
		}
	}
	return r, nil
}

// extend takes a part that is a neighbour into the request, if one request may
// be that long.
func (s *setting) extend(p part) bool {
	limit := maxWriteRegisters
	if p.span.table == coils {
		limit = maxWriteBits
	}
	joined := s.span.join(p.span)
	if s.span.table != p.span.table || s.mask != 0 || p.mask != 0 || joined.count > limit {
		return false
	}
	switch {
	case p.span.start == s.span.end():
		s.registers, s.bits = append(s.registers, p.registers...), append(s.bits, p.bits...)
	case p.span.end() == s.span.start:
		s.registers, s.bits = append(p.registers, s.registers...), append(p.bits, s.bits...)
	default:
		return false
	}
	s.span = joined
	s.parts = append(s.parts, p)
	return true
}

// write makes the requests one after the other. A request that the device
// refuses is made again for each resource by itself. It returns what was not
// written.
func (d *device) write(ctx context.Context, settings []setting) error {
	var failed []error
	for i, s := range settings {
		err := d.set(ctx, s.request)
		switch {
		case err == nil:
		case !answered(err) || unreachable(err):
			return errors.Join(append(failed, notWritten(err, settings[i:]...))...)
		case len(s.parts) > 1:
			single := make([]setting, len(s.parts))
			for k, p := range s.parts {
				single[k] = setting{p.request, []part{p}}
			}
			failed = append(failed, d.write(ctx, single))
		default:
			failed = append(failed, notWritten(err, s))
		}
	}
	return errors.Join(failed...)
}

// set makes one request, by the function for many if the device does not have
// the one for a single register or coil.
func (d *device) set(ctx context.Context, r request) error {
	_, err := d.line.do(ctx, d, r)
	if r.span.count == 1 && errors.Is(err, modbus.ErrIllegalFunction) {
		r.multiple = true
		_, err = d.line.do(ctx, d, r)
	}
	return err
}

func notWritten(err error, settings ...setting) error {
	var all []error
	for _, s := range settings {
		for _, p := range s.parts {
			all = append(all, &driver.WriteError{Resource: p.resource, Err: err})
		}
	}
	return errors.Join(all...)
}
