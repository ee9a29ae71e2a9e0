package modbus

import (
	"context"
	"errors"
	"fmt"
	"slices"

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
func (d *device) planWrites(writes []driver.Write) ([]setting, error) {
	var settings []setting
	var wrong []error
	for _, w := range writes {
		r, err := d.writeRequest(w)
		if err != nil {
			wrong = append(wrong, &driver.WriteError{Resource: w.Resource.Name, Err: err})
			continue
		}
		p := part{w.Resource.Name, r}
		if n := len(settings) - 1; n >= 0 && !d.single && settings[n].extend(p) {
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
func (d *device) writeRequest(w driver.Write) (request, error) {
	a, err := parseAddress(w.Resource, d.addressing)
	if err != nil {
		return request{}, err
	}
	if !w.Resource.Writable {
		return request{}, driver.ErrReadOnly
	}
	if !a.table.writable() {
		return request{}, fmt.Errorf("%s are %w", a.table, driver.ErrReadOnly)
	}
	e, err := encode(a, w.Value)
	if err == nil && a.count > maxWriteRegisters && !a.table.bits() {
		err = fmt.Errorf("%d registers are more than one request may write: %d", a.count, maxWriteRegisters)
	}
	if err == nil && a.count > maxWriteBits {
		err = fmt.Errorf("%d coils are more than one request may write: %d", a.count, maxWriteBits)
	}
	return request{unit: d.unit, span: a.span, write: true, registers: e.registers, masks: e.masks, bits: e.bits, single: d.single && a.count > 1}, err
}

// extend takes a part into the request: a neighbour, if one request may be that
// long, or other bits of the same registers.
func (s *setting) extend(p part) bool {
	if s.masks != nil && p.masks != nil && s.span == p.span {
		s.merge(p)
		return true
	}
	limit := maxWriteRegisters
	if p.span.table == coils {
		limit = maxWriteBits
	}
	joined := s.span.join(p.span)
	if s.span.table != p.span.table || s.masks != nil || p.masks != nil || joined.count > limit {
		return false
	}
	switch {
	case p.span.start == s.span.end():
		s.registers, s.bits = slices.Concat(s.registers, p.registers), slices.Concat(s.bits, p.bits)
	case p.span.end() == s.span.start:
		s.registers, s.bits = slices.Concat(p.registers, s.registers), slices.Concat(p.bits, s.bits)
	default:
		return false
	}
	s.span = joined
	s.parts = append(s.parts, p)
	return true
}

// merge sets the bits of both; where they meet, those of p.
func (s *setting) merge(p part) {
	registers, masks := slices.Clone(s.registers), slices.Clone(s.masks)
	for i, m := range p.masks {
		registers[i] = registers[i]&^m | p.registers[i]&m
		masks[i] |= m
	}
	s.registers, s.masks = registers, masks
	s.parts = append(s.parts, p)
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
		case !answered(err) && !errors.Is(err, errReadBack) || unreachable(err):
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
	if r.span.count == 1 && !d.single && errors.Is(err, modbus.ErrIllegalFunction) {
		r.multiple = true
		_, err = d.line.do(ctx, d, r)
	}
	if err == nil && d.verify {
		err = d.check(ctx, r)
	}
	return err
}

var errReadBack = errors.New("reads back otherwise")

// check reads back what was written.
func (d *device) check(ctx context.Context, r request) error {
	a, err := d.line.do(ctx, d, request{unit: r.unit, span: r.span})
	if err != nil {
		return fmt.Errorf("it was written, but cannot be read back: %w", err)
	}
	for i, want := range r.registers {
		mask := uint16(0xffff)
		if r.masks != nil {
			mask = r.masks[i]
		}
		if a.registers[i]&mask != want&mask {
			return fmt.Errorf("register %d %w: %#04x where %#04x was written", r.span.start+i, errReadBack, a.registers[i]&mask, want&mask)
		}
	}
	for i, want := range r.bits {
		if a.bits[i] != want {
			return fmt.Errorf("coil %d %w: %t where %t was written", r.span.start+i, errReadBack, a.bits[i], want)
		}
	}
	return nil
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
