package function

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"

	"sluice/sqlengine/value"
)

var cast = &Scalar{
	Name: "cast", Section: conversion,
	Summary: `The value as another type: "bigint", "float", "string", "boolean", "bytea" or "datetime". Fractions are cut; ` +
		"text becomes BYTEA by base64 where it is base64, else by its own bytes.",
	Overloads: []Overload{{
		Params: []Param{Any, String},
		Call: func(c *Context, args []value.Value) (value.Value, error) {
			to, err := castTarget(args[1].Str())
			if err != nil {
				return value.Value{}, err
			}
			return Cast(c, args[0], to)
		},
		Prepare: func(args []Arg) (Bound, error) {
			if !args[1].Literal || args[1].Value.IsNull() {
				return Bound{}, nil
			}
			to, err := castTarget(args[1].Value.Str())
			if err != nil {
				return Bound{}, &BindError{Arg: 1, Msg: err.Error(), Hint: castTypes}
			}
			return Bound{Result: to, Call: func(c *Context, args []value.Value) (value.Value, error) {
				return Cast(c, args[0], to)
			}}, nil
		},
	}},
	Examples: []Example{
		{`cast(-1.9, "bigint")`, `-1`}, {`cast("0x1f", "bigint")`, `31`}, {`cast("1.5", "bigint")`, `error`}, {`cast(true, "bigint")`, `1`},
		{`cast("1.5", "float")`, `1.5`}, {`cast(12345678.5, "string")`, `"12345678.5"`}, {`cast("1", "boolean")`, `true`}, {`cast(0.0, "boolean")`, `false`},
		{`cast("1234", "bytea")`, `"1234"`}, {`cast("12", "bytea")`, `"MTI="`}, {`cast(1, "bytea")`, `error`},
		{`cast("2024-01-31 08:00:00", "datetime")`, `"2024-01-31T08:00:00Z"`}, {`cast(1000, "datetime")`, `"1970-01-01T00:00:01Z"`},
		{`cast(NULL, "bigint")`, `null`}, {`cast(1, "int")`, `error`},
	},
}

const castTypes = "Types are bigint, float, string, boolean, bytea and datetime."

var castTargets = map[string]value.Kind{
	"bigint": value.Int, "float": value.Float, "string": value.String, "boolean": value.Bool, "bytea": value.Bytes, "datetime": value.Time,
}

func castTarget(name string) (value.Kind, error) {
	if k, ok := castTargets[strings.ToLower(name)]; ok {
		return k, nil
	}
	return value.Null, fmt.Errorf("there is no type %q to cast to", name)
}

// Cast converts a value to another kind as the function cast does. NULL stays
// NULL.
func Cast(c *Context, v value.Value, to value.Kind) (value.Value, error) {
	if v.IsNull() || v.Kind() == to {
		return v, nil
	}
	switch to {
	case value.Int:
		return toInt(v)
	case value.Float:
		return toFloat(v)
	case value.String:
		switch v.Kind() {
		case value.Object, value.List:
			return value.Value{}, castError(v, to)
		case value.Float:
			return value.OfString(strconv.FormatFloat(v.Float(), 'f', -1, 64)), nil
		}
		s, err := text(c, v)
		return value.OfString(s), err
	case value.Bool:
		return toBool(v)
	case value.Bytes:
		if v.Kind() == value.String {
			return value.OfBytes(toBytes(v.Str())), nil
		}
	case value.Time:
		t, err := TimeOf(c, v)
		if err != nil {
			return value.Value{}, fmt.Errorf("the value %w", err)
		}
		return value.OfTime(t), nil
	}
	return value.Value{}, castError(v, to)
}

func castError(v value.Value, to value.Kind) error {
	if v.Kind() == value.String {
		return fmt.Errorf("%q is no %s", v.Str(), to)
	}
	return fmt.Errorf("%s cannot become %s", v.Kind(), to)
}

func toInt(v value.Value) (value.Value, error) {
	switch v.Kind() {
	case value.Bool:
		if v.True() {
			return value.OfInt(1), nil
		}
		return value.OfInt(0), nil
	case value.Float:
		f := math.Trunc(v.Float())
		if !(f >= -1<<63 && f < 1<<63) {
			return value.Value{}, fmt.Errorf("%v is out of the range of BIGINT", f)
		}
		return value.OfInt(int64(f)), nil
	case value.String:
		if i, err := strconv.ParseInt(v.Str(), 0, 64); err == nil {
			return value.OfInt(i), nil
		}
	}
	return value.Value{}, castError(v, value.Int)
}

func toFloat(v value.Value) (value.Value, error) {
	switch v.Kind() {
	case value.Int:
		return value.OfFloat(float64(v.Int())), nil
	case value.String:
		if f, err := strconv.ParseFloat(v.Str(), 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return value.OfFloat(f), nil
		}
	}
	return value.Value{}, castError(v, value.Float)
}

func toBool(v value.Value) (value.Value, error) {
	switch v.Kind() {
	case value.Int:
		return value.OfBool(v.Int() != 0), nil
	case value.Float:
		return value.OfBool(v.Float() != 0), nil
	case value.String:
		if b, err := strconv.ParseBool(v.Str()); err == nil {
			return value.OfBool(b), nil
		}
	}
	return value.Value{}, castError(v, value.Bool)
}

func toBytes(s string) []byte {
	if b, err := base64.StdEncoding.DecodeString(s); err == nil {
		return b
	}
	return []byte(s)
}
