package delivery

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/journal"
)

// A message on disk is a version, the rule, the action, its number there (8
// bytes, little-endian), the count of the evaluated properties, these in the
// order of their names, and the payload. Texts have their length in front.
// Those with the version storedUnnumbered, which is not written any more, have
// no number. One with the version storedForget is no
// message: those of its rule, or of its action alone when it names one, that
// stand in front of it are not to be delivered. One with storedDone lists
// offsets of messages that are done with, though one in front of them is not.
const (
	storedUnnumbered = 1
	storedForget     = 2
	storedDone       = 3
	storedMessage    = 4
)

var errStored = errors.New("a record that is no message")

// action names an action of a rule; without a name it is all of them.
type action struct{ rule, name string }

// stored is a message as it is on disk.
type stored struct {
	connector.Outbound
	action action
	number uint64 // 0: it has none
	forget bool
	done   []journal.Offset
}

// isMessage tells whether the record is one.
func (m *stored) isMessage() bool { return !m.forget && m.done == nil }

func appendStored(dst []byte, m *connector.Outbound, number uint64, a action) []byte {
	dst = appendText(appendText(append(dst, storedMessage), a.rule), a.name)
	dst = binary.LittleEndian.AppendUint64(dst, number)
	dst = binary.AppendUvarint(dst, uint64(len(m.Values)))
	if len(m.Values) == 1 { // the usual case, without sorting
		for name, v := range m.Values {
			dst = appendText(appendText(dst, name), v)
		}
		return append(dst, m.Payload...)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Values)) {
		dst = appendText(appendText(dst, name), m.Values[name])
	}
	return append(dst, m.Payload...)
}

func appendForget(dst []byte, a action) []byte {
	return appendText(appendText(append(dst, storedForget), a.rule), a.name)
}

func appendDone(dst []byte, done []journal.Offset) []byte {
	dst = binary.AppendUvarint(append(dst, storedDone), uint64(len(done)))
	for _, o := range done {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(o))
	}
	return dst
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// parseStored reads a record; the payload refers to it.
func parseStored(b []byte) (m stored, err error) {
	r := storedReader{b: b}
	switch r.version() {
	case storedUnnumbered:
		m.action = action{r.text(), r.text()}
		r.message(&m)
	case storedMessage:
		m.action = action{r.text(), r.text()}
		m.number = r.fixed()
		r.message(&m)
	case storedForget:
		m.action, m.forget = action{r.text(), r.text()}, true
	case storedDone:
		m.done = r.offsets()
	default:
		return m, errStored
	}
	return m, r.err
}

// storedReader reads the parts of a record; after an error it reads nothing.
type storedReader struct {
	b   []byte
	err error
}

func (r *storedReader) version() byte {
	if len(r.b) == 0 {
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

// message reads what follows the names and the number.
func (r *storedReader) message(m *stored) {
	n := r.number()
	if n > 0 && r.err == nil {
		m.Values = make(map[string]string, min(n, 64))
	}
	for range n {
		name, v := r.text(), r.text()
		if r.err != nil {
			break
		}
		m.Values[name] = v
	}
	m.Rule, m.Payload = m.action.rule, r.b
}

func (r *storedReader) fixed() uint64 {
	if len(r.b) < 8 {
		r.err, r.b = errStored, nil
		return 0
	}
	n := binary.LittleEndian.Uint64(r.b)
	r.b = r.b[8:]
	return n
}

// number reads a length or a count, which is no larger than what follows it.
func (r *storedReader) number() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 || n > uint64(len(r.b)-size) {
		r.err, r.b = errStored, nil
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *storedReader) offsets() []journal.Offset {
	n := r.number()
	if n > uint64(len(r.b)/8) {
		r.err = errStored
		return nil
	}
	list := make([]journal.Offset, n)
	for i := range list {
		list[i] = journal.Offset(binary.LittleEndian.Uint64(r.b[8*i:]))
	}
	return list
}

func (r *storedReader) text() string {
	n := r.number()
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}
