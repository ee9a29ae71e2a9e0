package function

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash/crc32"
	"strconv"

	"sluice/sqlengine/value"
)

var (
	md5Hash    = hashing("md5", func(b []byte) []byte { h := md5.Sum(b); return h[:] }, `"900150983cd24fb0d6963f7d28e17f72"`)
	sha1Hash   = hashing("sha1", func(b []byte) []byte { h := sha1.Sum(b); return h[:] }, `"a9993e364706816aba3e25717850c26c9cd0d89d"`)
	sha256Hash = hashing("sha256", func(b []byte) []byte { h := sha256.Sum256(b); return h[:] },
		`"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"`)
	sha384Hash = hashing("sha384", func(b []byte) []byte { h := sha512.Sum384(b); return h[:] },
		`"cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"`)
	sha512Hash = hashing("sha512", func(b []byte) []byte { h := sha512.Sum512(b); return h[:] },
		`"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"`)
)

var crc32Hash = &Scalar{
	Name: "crc32", Section: conversion, Summary: "The crc32 checksum of the printed form, in hexadecimal digits without leading zeros.",
	Overloads: []Overload{{
		Params: []Param{Text}, Result: value.String,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			return value.OfString(strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(args[0].Str()))), 16)), nil
		},
	}},
	Examples: []Example{{`crc32("abc")`, `"352441c2"`}, {`crc32("a70")`, `"8ae89d"`}},
}

// hashing declares a hash of the printed form in lower-case hexadecimal digits.
func hashing(name string, sum func([]byte) []byte, ofABC string) *Scalar {
	f := ofText(name, "The "+name+" hash of the printed form, in hexadecimal digits.",
		func(s string) string { return hex.EncodeToString(sum([]byte(s))) }, Example{name + `("abc")`, ofABC})
	f.Section = conversion
	return f
}
