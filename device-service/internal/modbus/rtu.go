package modbus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/simonvetter/modbus"
)

const (
	connectTimeout = 5 * time.Second
	leastFrame     = 5 // unit, function, code, CRC
	crcSize        = 2
	longestFrame   = 256
)

// rtuOverTCP speaks frames of Modbus RTU over a TCP connection to a serial
// gateway. The library does so too, but keeps the connection to itself: what
// is late could not be thrown away. The frames are those of "Modbus over serial
// line V1.02" and "Modbus application protocol V1.1b3".
type rtuOverTCP struct {
	conn    net.Conn
	timeout time.Duration
	buf     [longestFrame]byte
}

func openRTU(address string, timeout time.Duration) (conn, error) {
	c, err := net.DialTimeout("tcp", address, connectTimeout)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return client{&framed{frames: &rtuOverTCP{conn: c, timeout: timeout}}, silencer{c}}, nil
}

// Close leaves the connection to its silencer.
func (r *rtuOverTCP) Close() error { return nil }

func (r *rtuOverTCP) exchange(unit uint8, request []byte, size int) ([]byte, error) {
	size += crcSize
	frame := append([]byte{unit}, request...)
	frame = binary.LittleEndian.AppendUint16(frame, crc(frame))
	if err := r.conn.SetDeadline(time.Now().Add(r.timeout)); err != nil {
		return nil, err
	}
	if _, err := r.conn.Write(frame); err != nil {
		return nil, timedOut(err)
	}
	answer := r.buf[:leastFrame]
	if _, err := io.ReadFull(r.conn, answer); err != nil {
		return nil, timedOut(err)
	}
	if answer[0] != unit {
		return nil, modbus.ErrBadUnitId
	}
	if answer[1] == request[0]|exceptionBit {
		if !sound(answer) {
			return nil, modbus.ErrBadCRC
		}
		return nil, exceptionOf(answer[2])
	}
	if answer[1] != request[0] || size > longestFrame {
		return nil, modbus.ErrProtocolError
	}
	answer = r.buf[:size]
	if _, err := io.ReadFull(r.conn, answer[leastFrame:]); err != nil {
		return nil, timedOut(err)
	}
	if !sound(answer) {
		return nil, modbus.ErrBadCRC
	}
	return answer[:size-crcSize], nil
}

// sound tells whether a frame ends with its CRC.
func sound(frame []byte) bool {
	end := len(frame) - 2
	return binary.LittleEndian.Uint16(frame[end:]) == crc(frame[:end])
}

// crc is the CRC-16 of Modbus: polynomial 0xA001, reflected, from 0xFFFF.
func crc(b []byte) uint16 {
	sum := uint16(0xffff)
	for _, c := range b {
		sum ^= uint16(c)
		for range 8 {
			carry := sum & 1
			sum >>= 1
			if carry == 1 {
				sum ^= 0xa001
			}
		}
	}
	return sum
}

// silencer throws away what comes on a connection to a gateway.
type silencer struct{ net.Conn }

func (s silencer) drain(silence time.Duration) (found bool, err error) {
	buffer := make([]byte, longestFrame)
	for end := time.Now().Add(mostSilences * silence); time.Now().Before(end); found = true {
		if err := s.SetReadDeadline(time.Now().Add(silence)); err != nil {
			return found, err
		}
		_, err := s.Read(buffer)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return found, nil
		}
		if err != nil {
			return found, err
		}
	}
	return found, errors.New("the line is never silent")
}
