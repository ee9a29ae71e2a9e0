package locale

import (
	"strings"
	"unicode/utf8"
)

// Numbers is a way to write numbers.
type Numbers struct {
	minus     string // in front of negative numbers
	decimal   string // between the whole number and its fraction
	group     string // between groups of digits
	zero      rune   // the other digits follow it
	secondary int    // digits of a group, three in the last one; 0: no groups
}

// Format writes a decimal number such as -1234.50, of digits, a sign and a
// point, in this way.
func (n *Numbers) Format(number string) string {
	var b strings.Builder
	b.Grow(2 * len(number))
	if rest, negative := strings.CutPrefix(number, "-"); negative {
		b.WriteString(n.minus)
		number = rest
	}
	whole, fraction, _ := strings.Cut(number, ".")
	for i := range len(whole) {
		if i > 0 && n.startsGroup(len(whole)-i) {
			b.WriteString(n.group)
		}
		n.digit(&b, whole[i])
	}
	if fraction == "" {
		return b.String()
	}
	b.WriteString(n.decimal)
	for i := range len(fraction) {
		n.digit(&b, fraction[i])
	}
	return b.String()
}

// startsGroup tells whether the digit with so many left, itself included,
// begins a group.
func (n *Numbers) startsGroup(left int) bool {
	return n.secondary > 0 && left >= 3 && (left-3)%n.secondary == 0
}

func (n *Numbers) digit(b *strings.Builder, ascii byte) {
	if n.zero == '0' {
		b.WriteByte(ascii)
		return
	}
	var buf [utf8.UTFMax]byte
	b.Write(utf8.AppendRune(buf[:0], n.zero+rune(ascii-'0')))
}
