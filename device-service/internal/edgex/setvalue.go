package edgex

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"

	"sluice/device-service/internal/driver"
)

// setValue sets a resource to a value given as text, as a set command of it
// does, and publishes what it is then. Unlike the SDK, which publishes the
// value that was given, it reads the value back. Of a resource that cannot be
// read the reading is the value given.
func (b *bridge) setValue(ctx context.Context, name, resource, text string) (dtos.BaseReading, error) {
	d, err := b.commanded(name)
	if err != nil {
		return dtos.BaseReading{}, err
	}
	if err := b.settable(d); err != nil {
		return dtos.BaseReading{}, err
	}
	r, found := resourceOf(d.profile, resource)
	if !found {
		return dtos.BaseReading{}, fmt.Errorf("resource %q is not in profile %q", resource, d.profile.Name)
	}
	if r.Properties.ReadWrite == common.ReadWrite_R {
		return dtos.BaseReading{}, fmt.Errorf("resource %q is read only", resource)
	}
	s := resourceSource(d.profile, r)
	v, err := s.fields[0].parse(text, b.settings.Device.DataTransform)
	if err != nil {
		return dtos.BaseReading{}, fmt.Errorf("resource %q: %w", resource, err)
	}
	ctx, cancel := context.WithTimeout(ctx, b.settings.requestTimeout())
	defer cancel()
	if err := b.write(ctx, d, []driver.Write{{Resource: s.resources[0], Value: v}}); err != nil {
		return dtos.BaseReading{}, err
	}
	return b.readBack(ctx, d, s, v)
}

// settable finds why nothing can be set of a device, as the SDK does.
func (b *bridge) settable(d *device) error {
	b.change.Lock()
	locked := b.locked
	b.change.Unlock()
	switch {
	case locked:
		return errors.New("the service is locked")
	case d.model.AdminState == models.Locked:
		return fmt.Errorf("device %q is locked", d.model.Name)
	case d.model.OperatingState == models.Down:
		return fmt.Errorf("device %q is down", d.model.Name)
	}
	return nil
}

// readBack reads what was set and publishes it. A virtual resource has been
// published by the write.
func (b *bridge) readBack(ctx context.Context, d *device, s *source, set any) (dtos.BaseReading, error) {
	readings := []driver.Reading{{Resource: s.name, Value: set}}
	readable := s.resources[0].Readable
	if readable {
		var err error
		if readings, err = (reader{b}).Read(ctx, d.model.Name, s.resources); err != nil {
			return dtos.BaseReading{}, fmt.Errorf("it was set, and is not read back: %w", err)
		}
	}
	readings = s.convert(readings, b.settings.Device.DataTransform)
	if err := readings[0].Err; err != nil {
		return dtos.BaseReading{}, fmt.Errorf("it was set, and is not read back: %w", err)
	}
	e, err := newEvent(d.model, s, readings, b.units.Load())
	if err != nil {
		return dtos.BaseReading{}, err
	}
	if readable && !isVirtual(s.resources[0]) {
		b.publisher.send(e)
	}
	return e.Readings[0], nil
}

// parse makes of a text the value that is written: the way of convert backwards.
func (f *field) parse(text string, transforms bool) (any, error) {
	for raw, mapped := range f.mappings {
		if mapped == text {
			text = raw
			break
		}
	}
	v, err := parseValue(driver.Type(f.properties.ValueType), text)
	if err != nil || !transforms {
		return v, err
	}
	if err := checkLimits(v, f.properties.Minimum, f.properties.Maximum); err != nil {
		return nil, err
	}
	return f.transform.invert(v)
}

// parseValue reads a scalar value.
func parseValue(t driver.Type, text string) (any, error) {
	fail := func() (any, error) { return nil, fmt.Errorf("%q is no value of type %s", text, t) }
	bits := map[driver.Type]int{"Int8": 8, "Int16": 16, "Int32": 32, "Int64": 64, "Uint8": 8, "Uint16": 16, "Uint32": 32, "Uint64": 64, "Float32": 32, "Float64": 64}[t]
	switch t {
	case common.ValueTypeString:
		return text, nil
	case common.ValueTypeBool:
		if v, err := strconv.ParseBool(text); err == nil {
			return v, nil
		}
		return fail()
	case common.ValueTypeFloat32, common.ValueTypeFloat64:
		v, err := strconv.ParseFloat(text, bits)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return fail()
		}
		return sized(t, v), nil
	case common.ValueTypeInt8, common.ValueTypeInt16, common.ValueTypeInt32, common.ValueTypeInt64:
		v, err := strconv.ParseInt(text, 10, bits)
		if err != nil {
			return fail()
		}
		return sized(t, v), nil
	case common.ValueTypeUint8, common.ValueTypeUint16, common.ValueTypeUint32, common.ValueTypeUint64:
		v, err := strconv.ParseUint(text, 10, bits)
		if err != nil {
			return fail()
		}
		return sized(t, v), nil
	}
	return nil, fmt.Errorf("a value of type %s is not set from a text", t)
}

// sized gives a number, which fits, the Go type of a value type.
func sized[N int64 | uint64 | float64](t driver.Type, n N) any {
	switch t {
	case common.ValueTypeInt8:
		return int8(n)
	case common.ValueTypeInt16:
		return int16(n)
	case common.ValueTypeInt32:
		return int32(n)
	case common.ValueTypeInt64:
		return int64(n)
	case common.ValueTypeUint8:
		return uint8(n)
	case common.ValueTypeUint16:
		return uint16(n)
	case common.ValueTypeUint32:
		return uint32(n)
	case common.ValueTypeUint64:
		return uint64(n)
	case common.ValueTypeFloat32:
		return float32(n)
	}
	return float64(n)
}

// exact is a number as a fraction; nil for what is none.
func exact(v any) *big.Rat {
	switch v.(type) {
	case bool, string:
		return nil
	}
	r, ok := new(big.Rat).SetString(string(appendScalar(nil, v)))
	if !ok {
		return nil
	}
	return r
}

func checkLimits(v any, least, most *float64) error {
	r := exact(v)
	if r == nil {
		return nil
	}
	if least != nil {
		if low := decimal(*least); low != nil && r.Cmp(low) < 0 {
			return fmt.Errorf("%v is below the minimum of %v", v, *least)
		}
	}
	if most != nil {
		if high := decimal(*most); high != nil && r.Cmp(high) > 0 {
			return fmt.Errorf("%v is above the maximum of %v", v, *most)
		}
	}
	return nil
}

// invert takes offset, scale and base out of a value. Mask and shift say which
// part of a register a value is; nobody can tell the rest.
func (t transform) invert(v any) (any, error) {
	r := exact(v)
	if r == nil || !t.linear() && t.base == 0 {
		return v, nil
	}
	if t.offset != nil {
		r.Sub(r, t.offset)
	}
	if t.scale != nil {
		if t.scale.Sign() == 0 {
			return nil, errors.New("the scale is 0")
		}
		r.Quo(r, t.scale)
	}
	if t.base != 0 {
		f, _ := r.Float64()
		if r.SetFloat64(logarithm(f, t.base)) == nil {
			return nil, fmt.Errorf("%v is no power of the base %v", v, t.base)
		}
	}
	return fit(v, r)
}

// logarithm is exact where it is a whole number.
func logarithm(f, base float64) float64 {
	l := math.Log(f) / math.Log(base)
	if whole := math.Round(l); math.Pow(base, whole) == f {
		return whole
	}
	return l
}

// fit gives the raw value the type of the one it is made of.
func fit(like any, r *big.Rat) (any, error) {
	t := driver.Type(fmt.Sprintf("%T", like))
	t = driver.Type(string(t[0]-'a'+'A') + string(t[1:]))
	switch like.(type) {
	case float32, float64:
		f, _ := r.Float64()
		if math.IsInf(f, 0) || t == common.ValueTypeFloat32 && math.Abs(f) > math.MaxFloat32 {
			return nil, fmt.Errorf("%v is too large for the register", like)
		}
		return sized(t, f), nil
	}
	if !r.IsInt() {
		return nil, fmt.Errorf("%v is none of the values that the scale of the register can have", like)
	}
	v, err := parseValue(t, r.Num().String())
	if err != nil {
		return nil, fmt.Errorf("%v does not fit the register", like)
	}
	return v, nil
}
