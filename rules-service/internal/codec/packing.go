package codec

import "fmt"

// Packing is what is done to a payload beside its format: it is compressed,
// then encrypted. What comes in is unpacked the other way round.
type Packing struct {
	Compression string // zlib, gzip, flate or zstd; "": none
	Level       int    // of the compression; 0: its default
	Encryption  string // aes; "": none
	AES         AES
}

// None tells that payloads stay as they are.
func (p *Packing) None() bool { return p.Compression == "" && p.Encryption == "" }

// Packer packs payloads that go out. It is safe for concurrent use.
type Packer struct {
	compressor *compressor
	cipher     *aesCipher
}

// NewPacker is nil when there is nothing to do.
func NewPacker(p Packing) (*Packer, error) {
	if p.None() {
		return nil, nil
	}
	out := &Packer{}
	var err error
	if out.compressor, err = newCompressor(p.Compression, p.Level); err != nil {
		return nil, err
	}
	out.cipher, err = newCipher(p)
	return out, err
}

func newCipher(p Packing) (*aesCipher, error) {
	switch p.Encryption {
	case "":
		return nil, nil
	case "aes":
		return newAES(p.AES)
	}
	return nil, fmt.Errorf("unknown encryption %q; there is aes", p.Encryption)
}

// Pack returns the payload as it goes out, in memory of its own.
func (p *Packer) Pack(payload []byte) []byte {
	if p.compressor != nil {
		payload = p.compressor.compress(payload)
	}
	if p.cipher != nil {
		return p.cipher.encrypt(payload)
	}
	return payload
}
