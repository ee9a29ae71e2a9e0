package journal

import "errors"

var errNothing = errors.New("journal: there is nothing to append")

// Begin is an Append that does not wait: the records have their offsets when it
// returns, and done hears whether they were written. The calls of done come in
// the order of the calls of Begin, on a goroutine of the log, which writes
// nothing meanwhile. When the records could not be written, those that come
// later get their offsets.
func (l *Log) Begin(done func(error), payloads ...[]byte) (first Offset, err error) {
	if len(payloads) == 0 {
		return 0, errNothing
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	c, first, err := l.join(payloads)
	if err != nil {
		return 0, err
	}
	c.then = append(c.then, done)
	l.lead()
	return first, nil
}
