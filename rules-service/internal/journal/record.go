package journal

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"time"
)

// A record on disk is a header and the payload:
//
//	4 bytes  magic, so that reading finds its way behind damage
//	4 bytes  CRC-32C of all that follows
//	8 bytes  offset
//	8 bytes  time of the append, nanoseconds since 1970
//	4 bytes  length of the payload
//
// all little-endian.
const headerSize = 28

var magic = [4]byte{0xA7, 'S', 'l', 0x1C}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Record is one entry of a log.
type Record struct {
	Offset  Offset
	Time    time.Time // of the append
	Payload []byte
}

func appendRecord(dst []byte, r Record) []byte {
	start := len(dst)
	dst = append(dst, magic[:]...)
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.Offset))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.Time.UnixNano()))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(r.Payload)))
	dst = append(dst, r.Payload...)
	binary.LittleEndian.PutUint32(dst[start+4:], crc32.Checksum(dst[start+8:], castagnoli))
	return dst
}

// verdict is what stands at a place of a chunk.
type verdict uint8

const (
	whole   verdict = iota
	cut             // the beginning of a record: more bytes are needed
	damaged         // no record
)

// parseRecord reads the record at the beginning of b; its payload refers to b.
func parseRecord(b []byte) (Record, int, verdict) {
	if len(b) < headerSize {
		if bytes.HasPrefix(magic[:], b[:min(len(b), len(magic))]) || bytes.HasPrefix(b, magic[:]) {
			return Record{}, 0, cut
		}
		return Record{}, 0, damaged
	}
	if !bytes.HasPrefix(b, magic[:]) {
		return Record{}, 0, damaged
	}
	n := binary.LittleEndian.Uint32(b[24:])
	if n > MaxPayload {
		return Record{}, 0, damaged
	}
	size := headerSize + int(n)
	if len(b) < size {
		return Record{}, size, cut
	}
	if crc32.Checksum(b[8:size], castagnoli) != binary.LittleEndian.Uint32(b[4:]) {
		return Record{}, 0, damaged
	}
	if b[15] >= 0x80 { // no log gets that far
		return Record{}, 0, damaged
	}
	return Record{
		Offset:  Offset(binary.LittleEndian.Uint64(b[8:])),
		Time:    time.Unix(0, int64(binary.LittleEndian.Uint64(b[16:]))),
		Payload: b[headerSize:size:size],
	}, size, whole
}
