package modbus

import (
	"bytes"
	"encoding/hex"
	"io"
	"strings"
	"time"

	"github.com/simonvetter/modbus"
)

// asciiLine is an open serial line for frames of ASCII.
type asciiLine interface {
	io.ReadWriter
	SetDeadline(t time.Time) error
}

// ascii speaks frames of Modbus ASCII, as in "Modbus over serial line V1.02": a
// colon, two hexadecimal digits for each byte with an LRC at the end, CR and LF.
// The library does not have them; it only sets the line up.
type ascii struct {
	line    asciiLine
	timeout time.Duration
	library io.Closer
}

// longestASCII is a frame of 255 bytes.
const longestASCII = 513

// Close ends what set the line up.
func (a *ascii) Close() error { return a.library.Close() }

func (a *ascii) exchange(unit uint8, request []byte, size int) ([]byte, error) {
	if err := a.line.SetDeadline(time.Now().Add(a.timeout)); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(a.line, asciiFrame(append([]byte{unit}, request...))); err != nil {
		return nil, timedOut(err)
	}
	text, err := a.receive()
	if err != nil {
		return nil, timedOut(err)
	}
	answer, err := asciiContent(text)
	switch {
	case err != nil:
		return nil, err
	case answer[0] != unit:
		return nil, modbus.ErrBadUnitId
	case answer[1] == request[0]|exceptionBit && len(answer) == 3:
		return nil, exceptionOf(answer[2])
	case answer[1] != request[0] || len(answer) != size:
		return nil, modbus.ErrProtocolError
	}
	return answer, nil
}

// receive returns what stands between a colon and the end of its line. A second
// colon begins a new frame.
func (a *ascii) receive() (string, error) {
	var text []byte
	begun := false
	one := make([]byte, 1)
	for {
		if _, err := io.ReadFull(a.line, one); err != nil {
			return "", err
		}
		switch {
		case one[0] == ':':
			begun, text = true, text[:0]
		case !begun: // noise, or the end of something
		case one[0] == '\n':
			return strings.TrimSuffix(string(text), "\r"), nil
		default:
			if text = append(text, one[0]); len(text) > longestASCII {
				return "", modbus.ErrProtocolError
			}
		}
	}
}

// asciiFrame makes a frame of unit, function and data.
func asciiFrame(content []byte) string {
	return ":" + strings.ToUpper(hex.EncodeToString(append(bytes.Clone(content), lrc(content)))) + "\r\n"
}

// asciiContent are the bytes of a frame without its LRC: unit, function and
// data.
func asciiContent(text string) ([]byte, error) {
	content, err := hex.DecodeString(text)
	if err != nil || len(content) < 4 {
		return nil, modbus.ErrProtocolError
	}
	end := len(content) - 1
	if lrc(content[:end]) != content[end] {
		return nil, modbus.ErrBadCRC
	}
	return content[:end], nil
}

// lrc is the longitudinal redundancy check: the sum of all bytes with it is 0.
func lrc(content []byte) byte {
	sum := byte(0)
	for _, b := range content {
		sum += b
	}
	return -sum
}
