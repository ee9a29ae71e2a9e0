package modbus

import (
	"fmt"
	"math/bits"
	"strings"
)

// order is how the bytes of a number stand in its registers. The zero value is
// that of the specification: the highest byte first.
type order struct {
	bytes  bool // the two bytes of each register are swapped
	words  bool // the registers stand in reverse order
	halves bool // of four registers, the two halves are swapped
}

// parseOrder reads the order in letters, A being the highest byte of a number:
// CDAB has its lower register first.
func parseOrder(s string, registers int) (order, error) {
	s = strings.ToUpper(s)
	var all []string
	for _, halves := range []bool{false, true} {
		if halves && registers != 4 {
			break
		}
		for _, words := range []bool{false, true} {
			for _, swapped := range []bool{false, true} {
				o := order{bytes: swapped, words: words, halves: halves}
				if letters := o.letters(registers); letters == s {
					return o, nil
				} else if words && registers == 1 {
					continue
				} else {
					all = append(all, letters)
				}
			}
		}
	}
	return order{}, fmt.Errorf("%q is no order of %d bytes; there are %s", s, 2*registers, strings.Join(all, ", "))
}

// letters names the bytes as they are sent.
func (o order) letters(registers int) string {
	out := make([]byte, 2*registers)
	for i := range registers {
		high, low := byte('A'+2*i), byte('B'+2*i)
		if o.bytes {
			high, low = low, high
		}
		at := 2 * o.place(i, registers)
		out[at], out[at+1] = high, low
	}
	return string(out)
}

// place is where the i-th highest register of n stands.
func (o order) place(i, n int) int {
	if o.halves && n == 4 {
		i ^= 2
	}
	if o.words {
		return n - 1 - i
	}
	return i
}

// gather is the number that up to four registers make.
func (o order) gather(registers []uint16) (n uint64) {
	for i := range registers {
		n = n<<16 | uint64(o.register(registers[o.place(i, len(registers))]))
	}
	return n
}

// scatter is the reverse of gather.
func (o order) scatter(registers []uint16, n uint64) {
	for i := range registers {
		registers[o.place(i, len(registers))] = o.register(uint16(n >> (16 * (len(registers) - 1 - i))))
	}
}

// register turns a register from wire order, or into it.
func (o order) register(r uint16) uint16 {
	if o.bytes {
		return bits.ReverseBytes16(r)
	}
	return r
}
