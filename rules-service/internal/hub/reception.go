package hub

import "sluice/rules-service/internal/connector"

// reception is what the source says of what it was given; nil: it says nothing.
func (s *source) reception() *connector.Reception {
	r, ok := s.conn.(connector.Receiver)
	if !ok {
		return nil
	}
	out := r.Reception()
	if out.Topic == "" {
		return nil
	}
	return &out
}
