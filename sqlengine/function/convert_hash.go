package function

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
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
	crc32Hash = hashing("crc32", func(b []byte) []byte { return binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(b)) }, `"352441c2"`)
)

// hashing declares a hash of the printed form in lower-case hexadecimal digits.
func hashing(name string, sum func([]byte) []byte, ofABC string) *Scalar {
	f := ofText(name, "The "+name+" hash of the printed form, in hexadecimal digits.",
		func(s string) string { return hex.EncodeToString(sum([]byte(s))) }, Example{name + `("abc")`, ofABC})
	f.Section = conversion
	return f
}
