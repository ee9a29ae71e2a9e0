package dmi

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// plain is the value of an Any as JSON has it. edgecore makes a float32 of every
// number; the shortest decimal that gives the same float32 is the number that
// was written, as long as it had no more than six digits.
func plain(a *anypb.Any) (any, error) {
	if a == nil {
		return nil, errors.New("has no value")
	}
	m, err := a.UnmarshalNew()
	if err != nil {
		return nil, fmt.Errorf("is no value of type %q: %w", a.GetTypeUrl(), err)
	}
	switch v := m.(type) {
	case *wrapperspb.StringValue:
		return v.GetValue(), nil
	case *wrapperspb.BoolValue:
		return v.GetValue(), nil
	case *wrapperspb.FloatValue:
		return decimal(float64(v.GetValue()), 32)
	case *wrapperspb.DoubleValue:
		return decimal(v.GetValue(), 64)
	case *wrapperspb.Int32Value:
		return v.GetValue(), nil
	case *wrapperspb.Int64Value:
		return v.GetValue(), nil
	case *wrapperspb.UInt32Value:
		return v.GetValue(), nil
	case *wrapperspb.UInt64Value:
		return v.GetValue(), nil
	}
	return nil, fmt.Errorf("is a %s: a text, a number or true or false is wanted", m.ProtoReflect().Descriptor().FullName())
}

// decimal is a number in its shortest form, without an exponent where it is
// whole.
func decimal(v float64, bits int) (any, error) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil, fmt.Errorf("%v is not a number", v)
	}
	form := byte('g')
	if v == math.Trunc(v) && math.Abs(v) < 1<<63 {
		form = 'f'
	}
	return json.Number(strconv.FormatFloat(v, form, -1, bits)), nil
}

// plainMap is a configuration as JSON has it.
func plainMap(data map[string]*anypb.Any) (map[string]any, error) {
	m := map[string]any{}
	for key, a := range data {
		v, err := plain(a)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		m[key] = v
	}
	return m, nil
}
