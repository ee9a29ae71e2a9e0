package hub

import (
	"encoding/binary"
	"errors"
	"hash/fnv"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// A record of the intake journal is one message:
//
//	1 byte   version
//	8 bytes  which source it is of: see originOf
//	8 bytes  time of arrival, nanoseconds since 1970
//	2 bytes  what the transport calls it
//	uvarint  length of the metadata, and these: a STRUCT, or NULL
//	         payload
//
// numbers little-endian.
const (
	inboundVersion = 1
	inboundFixed   = 19
)

var errInbound = errors.New("a record that is no message")

// origin tells sources apart in the journal, over restarts.
type origin uint64

func originOf(key string) origin {
	h := fnv.New64a()
	h.Write([]byte(key))
	return origin(h.Sum64())
}

// recordsOf are messages in the form of the journal.
func recordsOf(from origin, msgs []connector.Inbound) [][]byte {
	var metas value.Encoder
	ends := make([]int, len(msgs))
	size := 0
	for i := range msgs {
		v := value.Value{}
		if m := msgs[i].Meta; m != nil {
			v = m.All()
		}
		metas.Value(v)
		ends[i] = len(metas.Bytes())
		size += inboundFixed + binary.MaxVarintLen32 + len(msgs[i].Payload)
	}
	buf := make([]byte, 0, size+len(metas.Bytes()))
	records := make([][]byte, len(msgs))
	begin := 0
	for i := range msgs {
		start := len(buf)
		buf = append(buf, inboundVersion)
		buf = binary.LittleEndian.AppendUint64(buf, uint64(from))
		buf = binary.LittleEndian.AppendUint64(buf, uint64(msgs[i].Time.UnixNano()))
		buf = binary.LittleEndian.AppendUint16(buf, msgs[i].ID)
		buf = binary.AppendUvarint(buf, uint64(ends[i]-begin))
		buf = append(buf, metas.Bytes()[begin:ends[i]]...)
		buf = append(buf, msgs[i].Payload...)
		records[i] = buf[start:len(buf):len(buf)]
		begin = ends[i]
	}
	return records
}

// parseInbound reads a record; the message refers to it.
func parseInbound(b []byte) (origin, connector.Inbound, error) {
	var m connector.Inbound
	if len(b) < inboundFixed || b[0] != inboundVersion {
		return 0, m, errInbound
	}
	from := origin(binary.LittleEndian.Uint64(b[1:]))
	m.Time = time.Unix(0, int64(binary.LittleEndian.Uint64(b[9:])))
	m.ID = binary.LittleEndian.Uint16(b[17:])
	b = b[inboundFixed:]
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size) {
		return 0, m, errInbound
	}
	d := value.NewDecoder(b[size : size+int(n)])
	v := d.Value()
	if d.Err() != nil || d.Len() > 0 {
		return 0, m, errInbound
	}
	if v.Kind() == value.Object {
		m.Meta = oldMeta{v}
	}
	m.Payload = b[size+int(n):]
	return from, m, nil
}

// oldMeta is the metadata of a message from the journal.
type oldMeta struct{ all value.Value }

func (m oldMeta) Get(key string) value.Value { return m.all.Object().Get(key) }
func (m oldMeta) All() value.Value           { return m.all }
