package function

import (
	"errors"
	"unicode/utf8"

	"sluice/sqlengine/value"
)

var errNoCharacter = errors.New("the text is empty and has no character")

var chr = &Scalar{
	Name: "chr", Section: conversion, Summary: "The number of the first character of a text; a number is its own result, without its fraction.",
	Overloads: []Overload{
		{
			Params: []Param{Int}, Result: value.Int,
			Call: func(_ *Context, args []value.Value) (value.Value, error) { return args[0], nil },
		},
		{
			Params: []Param{Float}, Result: value.Int,
			Call: func(_ *Context, args []value.Value) (value.Value, error) { return toInt(args[0]) },
		},
		{
			Params: []Param{String}, Result: value.Int,
			Call: func(_ *Context, args []value.Value) (value.Value, error) {
				if args[0].Str() == "" {
					return value.Value{}, errNoCharacter
				}
				r, _ := utf8.DecodeRuneInString(args[0].Str())
				return value.OfInt(int64(r)), nil
			},
		},
	},
	Examples: []Example{{`chr("a")`, `97`}, {`chr(65)`, `65`}, {`chr(65.7)`, `65`}, {`chr("")`, `error`}},
}
