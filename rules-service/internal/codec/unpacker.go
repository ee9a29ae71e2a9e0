package codec

import (
	"errors"
	"fmt"

	"sluice/sqlengine/value"
)

// mostUnpacked bounds what a small payload may become.
const mostUnpacked = 64 << 20

var errTooLarge = errors.New("it holds more than 64 MiB")

// unpacker is the decoder of payloads that are packed.
type unpacker struct {
	Decoder
	decompressor *decompressor
	cipher       *aesCipher
}

func newUnpacker(p Packing, d Decoder) (Decoder, error) {
	if p.None() {
		return d, nil
	}
	out := &unpacker{Decoder: d}
	var err error
	if out.decompressor, err = newDecompressor(p.Compression); err != nil {
		return nil, err
	}
	if out.cipher, err = newCipher(p); err != nil {
		return nil, err
	}
	return out, nil
}

// Decode unpacks the payload first.
func (u *unpacker) Decode(dst []value.Row, payload []byte, meta Meta, t int64) ([]value.Row, error) {
	var err error
	if u.cipher != nil {
		if payload, err = u.cipher.decrypt(payload); err != nil {
			return dst, fmt.Errorf("decrypt: %w", err)
		}
	}
	if u.decompressor != nil {
		if payload, err = u.decompressor.decompress(payload); err != nil {
			return dst, fmt.Errorf("decompress %s: %w", u.decompressor.name, err)
		}
	}
	return u.Decoder.Decode(dst, payload, meta, t)
}
