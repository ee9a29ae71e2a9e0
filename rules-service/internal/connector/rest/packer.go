package rest

import (
	"bytes"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// packer compresses bodies; nil leaves them as they are.
type packer func(body []byte) ([]byte, error)

func newPacker(compression string) (packer, error) {
	switch compression {
	case "gzip":
		w := gzip.NewWriter(nil)
		return func(body []byte) ([]byte, error) {
			var b bytes.Buffer
			w.Reset(&b)
			if _, err := w.Write(body); err != nil {
				return nil, err
			}
			err := w.Close()
			return b.Bytes(), err
		}, nil
	case "zstd":
		w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
		if err != nil {
			return nil, err
		}
		return func(body []byte) ([]byte, error) { return w.EncodeAll(body, nil), nil }, nil
	}
	return nil, nil
}
