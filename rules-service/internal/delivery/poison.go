package delivery

import (
	"errors"
	"fmt"

	"sluice/rules-service/internal/connector"
)

// fatalLosses is how often in a row a connection may be lost on a message
// that is written by itself before the message counts as the cause.
const fatalLosses = 3

// suspicion finds the message on which a target closes the connection: it
// would be sent again for ever, and hold up everything behind it.
type suspicion struct {
	alone  bool // the rest of the batch goes one message at a time
	losses int  // in a row, on the message that is first in line
}

// size is how many of so many messages the next Write takes.
func (s *suspicion) size(all int) int {
	if s.alone {
		return 1
	}
	return all
}

// clear notes that the message that was first in line is done with.
func (s *suspicion) clear() { s.losses = 0 }

// lost notes that the connection was lost on so many messages; back tells that
// the target took the next connection at once. One that is away, or was lost
// before anything was sent, accuses nobody.
func (s *suspicion) lost(err error, messages int, back bool) {
	s.alone = true
	switch {
	case !back || !errors.Is(err, connector.ErrConnectionLost):
		s.losses = 0
	case messages == 1:
		s.losses++
	}
}

// verdict is the error of a message that is the cause, or nil.
func (s *suspicion) verdict(m *connector.Outbound) error {
	if s.losses < fatalLosses {
		return nil
	}
	about := ""
	if topic, ok := m.Values["topic"]; ok {
		about = fmt.Sprintf(", topic %q", topic)
	}
	return &connector.Permanent{Err: fmt.Errorf("the broker closed the connection %d times on this message%s", s.losses, about)}
}
