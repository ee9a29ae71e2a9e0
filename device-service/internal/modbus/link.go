package modbus

import (
	"errors"
	"time"

	"github.com/simonvetter/modbus"
)

// link is the connection of a line, as its owner sees it.
type link struct {
	conn conn // nil while closed
	// These are what it was opened with.
	wire    wire
	timeout time.Duration

	used    time.Time     // last
	failure error         // of the last attempt to open it
	retry   time.Time     // no attempt before
	pause   time.Duration // before the attempt after that

	// Of a line whose answers have no number, see settle.
	unsettled bool
	doubtful  map[uint8]bool // units
}

// timing is what the devices of a line ask of it: the longest time-out, for
// the library has one for the whole connection, and the longest idle time.
func (l *line) timing() (timeout, idle time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.devices {
		timeout = max(timeout, d.timeout)
		if d.idle < 0 || idle < 0 {
			idle = -1
			continue
		}
		idle = max(idle, d.idle)
	}
	return timeout, idle
}

// connect opens the connection if it is closed, or was opened with what is no
// longer valid. fresh tells that it did.
func (l *line) connect(w wire) (fresh bool, err error) {
	timeout, _ := l.timing()
	k := &l.link
	if k.conn != nil && k.wire == w && k.timeout == timeout {
		return false, nil
	}
	l.hangUp()
	if k.failure != nil && time.Now().Before(k.retry) {
		return false, k.failure
	}
	k.conn, k.failure = l.open(w, timeout)
	if k.failure != nil {
		k.conn = nil
		k.pause = l.options.longer(k.pause)
		k.retry = time.Now().Add(k.pause)
		return false, k.failure
	}
	k.wire, k.timeout, k.pause, k.used = w, timeout, 0, time.Now()
	return true, nil
}

// hangUp closes the connection.
func (l *line) hangUp() {
	if l.link.conn == nil {
		return
	}
	if err := l.link.conn.Close(); err != nil {
		l.log.Debug("close", "endpoint", l.endpoint, "error", err)
	}
	l.link.conn = nil
}

// exchange makes one exchange. A read is tried again as often as the device
// says, and once on a new connection when the peer has closed the old one in
// the meantime; a write is not, since it may have been done.
func (l *line) exchange(d *device, r request) (answer, error) {
	for tries := 0; ; tries++ {
		fresh, err := l.connect(d.wire)
		if err != nil {
			return answer{}, err
		}
		l.pace(fresh)
		a, err := l.try(d, r)
		l.link.used = time.Now()
		if answered(err) {
			return a, err
		}
		l.link.doubt(d.unit)
		l.hangUp()
		stale := !fresh && !errors.Is(err, modbus.ErrRequestTimedOut)
		if r.write || tries >= d.retries && !stale {
			return answer{}, err
		}
		if stale {
			tries--
		}
	}
}

// pauses are the longest ones that devices of the line want.
func (l *line) pauses() (connect, frame time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.devices {
		connect, frame = max(connect, d.connectDelay), max(frame, d.frameDelay)
	}
	return connect, frame
}

// pace keeps the pauses that devices of the line want.
func (l *line) pace(fresh bool) {
	connect, frame := l.pauses()
	if fresh {
		time.Sleep(connect)
		return
	}
	time.Sleep(time.Until(l.link.used.Add(frame)))
}
