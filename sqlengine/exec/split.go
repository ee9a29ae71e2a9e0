package exec

import "sluice/sqlengine/value"

// split lets the rows of a batch come one by one.
type split struct {
	stage
	one value.Batch
}

func (s *split) Push(b *value.Batch) error {
	s.begin(b)
	for i := range b.Rows {
		s.one = value.Batch{Schema: b.Schema, Rows: b.Rows[i : i+1], Ack: b.Ack}
		if err := s.next.Push(&s.one); err != nil {
			return err
		}
	}
	return nil
}
