package modbus

import "fmt"

// table is one of the four tables of a Modbus device.
type table uint8

const (
	coils table = iota
	discreteInputs
	inputRegisters
	holdingRegisters
)

func (t table) String() string {
	return [...]string{"coils", "discrete inputs", "input registers", "holding registers"}[t]
}

// bits tells whether the table holds bits rather than registers.
func (t table) bits() bool { return t == coils || t == discreteInputs }

// writable tells whether the protocol can set what the table holds.
func (t table) writable() bool { return t == coils || t == holdingRegisters }

// The protocol's limits for one request.
const (
	addresses         = 1 << 16
	maxReadRegisters  = 125
	maxReadBits       = 2000
	maxWriteRegisters = 123
	maxWriteBits      = 1968
)

// span is a run of registers or bits of one table.
type span struct {
	table        table
	start, count int
}

// end is the first address behind the span.
func (s span) end() int { return s.start + s.count }

// covers tells whether o lies within s.
func (s span) covers(o span) bool {
	return s.table == o.table && s.start <= o.start && o.end() <= s.end()
}

// join is the shortest span that covers both, which are of one table.
func (s span) join(o span) span {
	start, end := min(s.start, o.start), max(s.end(), o.end())
	return span{s.table, start, end - start}
}

func (s span) String() string {
	if s.count == 1 {
		return fmt.Sprintf("%s %d", s.table, s.start)
	}
	return fmt.Sprintf("%s %d-%d", s.table, s.start, s.end()-1)
}
