package function

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"

	"sluice/sqlengine/value"
)

var encode = &Scalar{
	Name: "encode", Section: conversion, Summary: `The text or bytes in an encoding, of which "base64" is the only one.`,
	Overloads: []Overload{{
		Params: []Param{Binary, String}, Result: value.String,
		Call: func(c *Context, args []value.Value) (value.Value, error) {
			if err := checkEncoding(args[1].Str()); err != nil {
				return value.Value{}, err
			}
			s, err := text(c, args[0])
			return value.OfString(base64.StdEncoding.EncodeToString([]byte(s))), err
		},
		Prepare: prepareEncoding,
	}},
	Examples: []Example{{`encode("hello", "base64")`, `"aGVsbG8="`}, {`encode("a", "hex")`, `error`}},
}

var decode = &Scalar{
	Name: "decode", Section: conversion, Summary: `The bytes that a text in an encoding stands for; "base64" is the only one.`,
	Overloads: []Overload{{
		Params: []Param{String, String}, Result: value.Bytes,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			if err := checkEncoding(args[1].Str()); err != nil {
				return value.Value{}, err
			}
			b, err := base64.StdEncoding.DecodeString(args[0].Str())
			if err != nil {
				return value.Value{}, fmt.Errorf("%q is no base64", args[0].Str())
			}
			return value.OfBytes(b), nil
		},
		Prepare: prepareEncoding,
	}},
	Examples: []Example{{`cast(decode("aGVsbG8=", "base64"), "string")`, `"hello"`}, {`decode("a", "base64")`, `error`}},
}

func checkEncoding(name string) error {
	if strings.ToLower(name) != "base64" {
		return fmt.Errorf("there is no encoding %q, only \"base64\"", name)
	}
	return nil
}

func prepareEncoding(args []Arg) (Bound, error) {
	if name := args[1]; name.Literal && !name.Value.IsNull() {
		if err := checkEncoding(name.Value.Str()); err != nil {
			return Bound{}, &BindError{Arg: 1, Msg: err.Error()}
		}
	}
	return Bound{}, nil
}

var dec2hex = &Scalar{
	Name: "dec2hex", Section: conversion, Summary: "The number in hexadecimal digits after 0x.",
	Overloads: []Overload{{
		Params: []Param{Int}, Result: value.String,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			return value.OfString("0x" + strconv.FormatInt(args[0].Int(), 16)), nil
		},
	}},
	Examples: []Example{{`dec2hex(16)`, `"0x10"`}, {`dec2hex(-16)`, `"0x-10"`}},
}

var hex2dec = &Scalar{
	Name: "hex2dec", Section: conversion, Summary: "The number that is written in hexadecimal digits, with 0x or without.",
	Overloads: []Overload{{
		Params: []Param{String}, Result: value.Int,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			i, err := strconv.ParseInt(strings.TrimPrefix(args[0].Str(), "0x"), 16, 64)
			if err != nil {
				return value.Value{}, fmt.Errorf("%q is no hexadecimal BIGINT up to %x", args[0].Str(), int64(math.MaxInt64))
			}
			return value.OfInt(i), nil
		},
	}},
	Examples: []Example{{`hex2dec("0x10")`, `16`}, {`hex2dec("ff")`, `255`}, {`hex2dec("0x-10")`, `-16`}, {`hex2dec("x")`, `error`}},
}
