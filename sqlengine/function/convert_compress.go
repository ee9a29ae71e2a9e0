package function

import "sluice/sqlengine/value"

// compress and decompress need the set, whose codecs they use.

func compress(set *Set) *Scalar {
	return &Scalar{
		Name: "compress", Section: conversion,
		Summary:   `The text or bytes compressed by a method: "zlib", "gzip" or "flate", and others that the host has, such as "zstd".`,
		Overloads: []Overload{set.packing(func(c Codec) func([]byte) ([]byte, error) { return c.Compress })},
		Examples: []Example{
			{`cast(decompress(compress("hello", "gzip"), "gzip"), "string")`, `"hello"`}, {`compress("a", "rar")`, `error`},
		},
	}
}

func decompress(set *Set) *Scalar {
	return &Scalar{
		Name: "decompress", Section: conversion,
		Summary:   `What compress has made by a method: "zlib", "gzip" or "flate", and others that the host has, such as "zstd".`,
		Overloads: []Overload{set.packing(func(c Codec) func([]byte) ([]byte, error) { return c.Decompress })},
		Examples: []Example{
			{`cast(decompress(decode("eJzLSM3JyQcABiwCFQ==", "base64"), "zlib"), "string")`, `"hello"`}, {`decompress("hello", "gzip")`, `error`},
		},
	}
}

// packing is the signature of both. What does it is taken out of the codec
// that the literal names, or the row.
func (s *Set) packing(of func(Codec) func([]byte) ([]byte, error)) Overload {
	return Overload{
		Params: []Param{Binary, String}, Result: value.Bytes, Null: NullHandled,
		Prepare: func(args []Arg) (Bound, error) {
			var fixed func([]byte) ([]byte, error)
			if name := args[1]; name.Literal && !name.Value.IsNull() {
				c, err := s.codec(name.Value.Str())
				if err != nil {
					return Bound{}, &BindError{Arg: 1, Msg: err.Error()}
				}
				fixed = of(c)
			}
			return Bound{Call: func(_ *Context, args []value.Value) (value.Value, error) {
				if args[0].IsNull() || args[1].IsNull() {
					return value.Value{}, nil
				}
				f := fixed
				if f == nil {
					c, err := s.codec(args[1].Str())
					if err != nil {
						return value.Value{}, err
					}
					f = of(c)
				}
				b, err := f(octets(args[0]))
				return value.OfBytes(b), err
			}}, nil
		},
	}
}

// octets are the bytes of a STRING or BYTEA.
func octets(v value.Value) []byte {
	if v.Kind() == value.Bytes {
		return v.Bytes()
	}
	return []byte(v.Str())
}
