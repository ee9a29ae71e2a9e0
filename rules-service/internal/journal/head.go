package journal

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
)

// The head is the offset of the oldest record that is not dropped: 8 bytes,
// little-endian, and their CRC-32C. It is not synced on every Drop: after
// power loss records may be read that were dropped before.

func readHead(f *os.File) (Offset, error) {
	var b [12]byte
	_, err := f.ReadAt(b[:], 0)
	if errors.Is(err, io.EOF) {
		return 0, nil // a new log, or one that was never dropped from
	}
	if err != nil {
		return 0, err
	}
	if crc32.Checksum(b[:8], castagnoli) != binary.LittleEndian.Uint32(b[8:]) {
		return 0, nil // a torn write: rather read something twice
	}
	return Offset(binary.LittleEndian.Uint64(b[:])), nil
}

func writeHead(f *os.File, o Offset) error {
	var b [12]byte
	binary.LittleEndian.PutUint64(b[:], uint64(o))
	binary.LittleEndian.PutUint32(b[8:], crc32.Checksum(b[:8], castagnoli))
	_, err := f.WriteAt(b[:], 0)
	return err
}
