package dialect

import (
	"sync"

	"github.com/klauspost/compress/zstd"

	"sluice/sqlengine/function"
)

// zstdCodec is the method "zstd" of compress and decompress. What it needs is
// made when a rule first uses it; both may be used by many goroutines.
func zstdCodec() function.Codec {
	encoder := sync.OnceValues(func() (*zstd.Encoder, error) {
		return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	})
	decoder := sync.OnceValues(func() (*zstd.Decoder, error) {
		return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(function.MaxDecompressed))
	})
	return function.Codec{
		Name: "zstd",
		Compress: func(b []byte) ([]byte, error) {
			e, err := encoder()
			if err != nil {
				return nil, err
			}
			return e.EncodeAll(b, nil), nil
		},
		Decompress: func(b []byte) ([]byte, error) {
			d, err := decoder()
			if err != nil {
				return nil, err
			}
			return d.DecodeAll(b, nil)
		},
	}
}
