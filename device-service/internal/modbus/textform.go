package modbus

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// textForm is how a String stands in registers, two bytes each. The zero value
// is UTF-8, padded with NULs.
type textForm struct {
	encoding string // "" for UTF-8
	blanks   bool   // padded with blanks
}

// encodings by their names in stringEncoding.
var encodings = map[string]encoding.Encoding{
	"ascii":      charmap.ISO8859_1,
	"iso-8859-1": charmap.ISO8859_1,
	"gbk":        simplifiedchinese.GBK,
	"gb18030":    simplifiedchinese.GB18030,
	"shift-jis":  japanese.ShiftJIS,
	"utf-16be":   unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
	"utf-16le":   unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
}

func (f *textForm) set(attribute, v string) error {
	v = strings.ToLower(v)
	switch {
	case attribute == stringEncoding && v == "utf-8":
		return nil
	case attribute == stringEncoding:
		if _, ok := encodings[v]; !ok {
			return fmt.Errorf("unknown encoding %q; there are utf-8, ascii, iso-8859-1, gbk, gb18030, shift-jis, utf-16be and utf-16le", v)
		}
		f.encoding = v
	case v == "nul":
	case v == "space":
		f.blanks = true
	default:
		return fmt.Errorf("unknown padding %q; there are nul and space", v)
	}
	return nil
}

// wide tells whether a character takes two bytes, of which one may be NUL.
func (f textForm) wide() bool { return strings.HasPrefix(f.encoding, "utf-16") }

// decode reads text. NULs at both ends are padding, and blanks at the end where
// they pad. What cannot be read is replaced, since the bus carries text.
func (f textForm) decode(registers []uint16, o order) (string, error) {
	raw := make([]byte, 0, 2*len(registers))
	for _, r := range registers {
		r = o.register(r)
		raw = append(raw, byte(r>>8), byte(r))
	}
	if !f.wide() {
		raw = bytes.Trim(raw, "\x00")
	}
	s := string(raw)
	if e, ok := encodings[f.encoding]; ok {
		decoded, err := e.NewDecoder().Bytes(raw)
		if err != nil {
			return "", fmt.Errorf("text is not %s: %w", f.encoding, err)
		}
		s = string(decoded)
	}
	s = strings.Trim(s, "\x00")
	if f.blanks {
		s = strings.TrimRight(s, " ")
	}
	return strings.ToValidUTF8(s, "\uFFFD"), nil
}

// encode pads text, and cuts what is too long behind a whole character.
func (f textForm) encode(s string, count int, o order) ([]uint16, error) {
	raw, err := f.fit(s, 2*count)
	if err != nil {
		return nil, err
	}
	registers := make([]uint16, count)
	for i := range registers {
		registers[i] = o.register(uint16(raw[2*i])<<8 | uint16(raw[2*i+1]))
	}
	return registers, nil
}

// fit is the text in so many bytes.
func (f textForm) fit(s string, size int) ([]byte, error) {
	raw, err := f.bytes(s)
	for err == nil && len(raw) > size {
		_, last := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-last]
		if most := 4 * size; len(s) > most { // not character by character from far away
			for most > 0 && !utf8.RuneStart(s[most]) {
				most--
			}
			s = s[:most]
		}
		raw, err = f.bytes(s)
	}
	if err != nil {
		return nil, err
	}
	pad := []byte{0}
	switch {
	case f.blanks && f.wide():
		pad, _ = f.bytes(" ") // every encoding has it
	case f.blanks:
		pad = []byte{' '}
	}
	for i := 0; len(raw) < size; i++ {
		raw = append(raw, pad[i%len(pad)])
	}
	return raw, nil
}

func (f textForm) bytes(s string) ([]byte, error) {
	e, ok := encodings[f.encoding]
	if !ok {
		return []byte(s), nil
	}
	raw, err := e.NewEncoder().Bytes([]byte(s))
	if err != nil {
		return nil, fmt.Errorf("%q cannot be written in %s", s, f.encoding)
	}
	return raw, nil
}
