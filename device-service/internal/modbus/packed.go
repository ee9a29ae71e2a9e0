package modbus

// packed are bits as an answer has them: eight in a byte, the first in its
// lowest bit, and two bytes in a register. device-modbus takes a number from
// the bytes of coils as from those of registers.
func packed(bits []bool) []uint16 {
	registers := make([]uint16, len(bits)/16)
	for i, on := range bits {
		if on {
			registers[i/16] |= 1 << (i%16 ^ 8)
		}
	}
	return registers
}

// unpacked is the reverse of packed.
func unpacked(registers []uint16) []bool {
	bits := make([]bool, 16*len(registers))
	for i := range bits {
		bits[i] = registers[i/16]>>(i%16^8)&1 == 1
	}
	return bits
}
