package function

import (
	"crypto/rand"
	"encoding/hex"

	"sluice/sqlengine/value"
)

var newuuid = ofContext("newuuid", "A random UUID (version 4).", value.String,
	func(*Context) value.Value { return value.OfString(uuid()) }, Example{`length(newuuid())`, `36`})

func uuid() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	out := make([]byte, 0, 36)
	for i, n := range []int{4, 2, 2, 2, 6} {
		if i > 0 {
			out = append(out, '-')
		}
		start := (len(out) - i) / 2
		out = hex.AppendEncode(out, b[start:start+n])
	}
	return string(out)
}
