package modbus

import (
	"errors"
	"time"
)

// The answers on a serial line, and in frames of RTU over TCP, carry nothing
// that tells to which request they belong: a late or doubled one has the form
// of the answer to the next request.
// Three rules keep them from becoming values. A request is sent after a silence
// of at least 3.5 characters. After anything unexpected it is sent after a
// silence of one time-out, and the first answer of the unit is thrown away, and
// whatever follows it within another time-out. And what is followed by more is
// no answer.

// characters of silence part two frames.
const gapCharacters = 3.5

// bitsPerCharacter with start, parity and stop.
const bitsPerCharacter = 11

// leastGap is that of fast lines.
const leastGap = 1750 * time.Microsecond

// mostSilences bounds a drain, by its silence.
const mostSilences = 20

var errTwoAnswers = errors.New("more than one answer")

// gatewayGap is the silence that ends an answer by way of a serial gateway: the
// network may tear frames apart.
const gatewayGap = 3 * time.Millisecond

// gap is the silence between two frames of RTU.
func (w wire) gap() time.Duration {
	if !w.serialLine() {
		return gatewayGap
	}
	return max(leastGap, time.Duration(gapCharacters*bitsPerCharacter*float64(time.Second))/time.Duration(w.baud))
}

// doubt notes that answers of a unit may still be on their way. A connection of
// Modbus TCP takes them along when it is closed; a serial gateway keeps them.
func (k *link) doubt(unit uint8) {
	if k.wire.unnumbered() {
		k.unsettled = true
		k.doubtful[unit] = true
	}
}

// try makes an exchange on the open connection.
func (l *line) try(d *device, r request) (answer, error) {
	k := &l.link
	if !k.wire.unnumbered() {
		return k.conn.exchange(r)
	}
	if err := k.settle(d); err != nil {
		return answer{}, err
	}
	a, err := k.conn.exchange(r)
	if r.write || !answered(err) {
		return a, err
	}
	more, drainErr := k.conn.drain(k.wire.gap())
	if more {
		drainErr = errTwoAnswers
	}
	if drainErr != nil {
		return answer{}, drainErr
	}
	return a, err
}

// settle waits until a serial line is fit for a request to a device.
func (k *link) settle(d *device) error {
	more, err := k.conn.drain(k.wire.gap())
	if err != nil {
		return err
	}
	if more {
		k.doubt(d.unit)
	}
	if k.unsettled {
		if _, err := k.conn.drain(k.timeout); err != nil {
			return err
		}
		k.unsettled = false
	}
	if !k.doubtful[d.unit] {
		return nil
	}
	if _, err := k.conn.exchange(d.probe); !answered(err) {
		return err
	}
	if _, err := k.conn.drain(k.timeout); err != nil {
		return err
	}
	delete(k.doubtful, d.unit)
	return nil
}
