package modbus

import (
	"context"

	"sluice/device-service/internal/driver"
)

// reader answers one call of Read.
type reader struct {
	device    *device
	readings  []driver.Reading
	addresses []address
	wanted    []span // of the addresses that are good
	places    []int  // of the wanted spans among the readings
}

func newReader(d *device, resources []driver.Resource) *reader {
	r := &reader{
		device: d, readings: make([]driver.Reading, len(resources)), addresses: make([]address, len(resources)),
	}
	for i, resource := range resources {
		r.readings[i].Resource = resource.Name
		a, err := parseAddress(resource, d.addressing)
		if err != nil {
			r.readings[i].Err = err
			continue
		}
		r.addresses[i] = a
		r.wanted = append(r.wanted, a.span)
		r.places = append(r.places, i)
	}
	return r
}

// read makes the request of a group. If the device refuses it for its
// addresses, the parts are read, so that only what is bad fails; refused tells
// that something did. An error means that the device does not answer.
func (r *reader) read(ctx context.Context, g group) (refused bool, err error) {
	d := r.device
	a, err := d.line.do(ctx, d, request{unit: d.unit, span: g.span})
	switch {
	case err == nil:
		r.fill(g, a)
		return false, nil
	case !answered(err) || unreachable(err):
		return false, err
	case !outOfPlace(err):
		r.fail(g, err)
		return true, nil
	case len(g.members) == 1:
		r.fail(g, err)
		d.part(g.table, g.start, g.start+1, g.end()) // neither neighbours nor what lies inside
		return true, nil
	}
	left, right := g.split(r.wanted)
	leftRefused, err := r.read(ctx, left)
	if err != nil {
		return true, err
	}
	rightRefused, err := r.read(ctx, right)
	if err == nil && !leftRefused && !rightRefused {
		d.part(g.table, right.start) // each is fine, so what is between them is not
	}
	return leftRefused || rightRefused, err
}

// fill gives the members of a group their values.
func (r *reader) fill(g group, a answer) {
	for _, m := range g.members {
		i := r.places[m]
		address := r.addresses[i]
		at := address.start - g.start
		reading := &r.readings[i]
		reading.Time = a.time
		if address.table.bits() {
			reading.Value, reading.Err = decodeBits(address, a.bits[at:at+address.count])
			continue
		}
		reading.Value, reading.Err = decode(address, a.registers[at:at+address.count])
	}
}

// fail gives the members of a group an error.
func (r *reader) fail(g group, err error) {
	for _, m := range g.members {
		r.readings[r.places[m]].Err = err
	}
}
