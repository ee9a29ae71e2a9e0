package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fxamacker/cbor/v2"

	"sluice/sqlengine/value"
)

// Major types of CBOR.
const (
	cborBytes = 2
	cborText  = 3
	cborArray = 4
	cborMap   = 5
	cborTag   = 6
)

const cborBreak = 0xff

// anyCBOR reads any CBOR; it is made for the first stream that needs it.
var anyCBOR = sync.OnceValue(func() cbor.DecMode {
	mode, err := cbor.DecOptions{MaxNestedLevels: 64, BigIntDec: cbor.BigIntDecodeValue, UTF8: cbor.UTF8DecodeInvalid}.DecMode()
	if err != nil {
		panic(err) // the options are constant
	}
	return mode
})

// cborDecoder reads a map, or an array of maps as rows.
type cborDecoder struct {
	slots
	mode   cbor.DecMode
	names  []string
	values []value.Value
}

func newCBORDecoder(s *value.Schema, o DecoderOptions) (Decoder, error) {
	return &cborDecoder{slots: newSlots("cbor", s, o), mode: anyCBOR()}, nil
}

func (d *cborDecoder) Decode(dst []value.Row, payload []byte, meta Meta, t int64) ([]value.Row, error) {
	if err := d.mode.Wellformed(payload); err != nil {
		return dst, d.wrap(errors.New(strings.TrimPrefix(err.Error(), "cbor: ")))
	}
	b := untagged(payload)
	switch b[0] >> 5 {
	case cborMap:
		row, err := d.row(b, meta, t)
		if err != nil {
			return dst, d.wrap(err)
		}
		return append(dst, row), nil
	case cborArray:
		return d.rows(dst, b, meta, t)
	}
	return dst, d.wrap(errors.New("a map or an array of maps is wanted, not " + cborName(b)))
}

func (d *cborDecoder) rows(dst []value.Row, b []byte, meta Meta, t int64) ([]value.Row, error) {
	var first error
	i := 0
	eachItem(b, func(item []byte) {
		row, err := value.Row{}, error(nil)
		if e := untagged(item); e[0]>>5 == cborMap {
			row, err = d.row(e, meta, t)
		} else {
			err = errors.New("a map is wanted, not " + cborName(e))
		}
		if err == nil {
			dst = append(dst, row)
		} else if first == nil {
			first = d.wrap(fmt.Errorf("[%d]: %w", i, err))
		}
		i++
	})
	return dst, first
}

// row reads the columns that rules name, and skips the others.
func (d *cborDecoder) row(b []byte, meta Meta, t int64) (value.Row, error) {
	cols := d.begin()
	whole := d.layout.whole >= 0
	d.names, d.values = d.names[:0], d.values[:0]
	var first error
	var key []byte
	isKey := true
	eachItem(b, func(item []byte) {
		if isKey = !isKey; !isKey {
			key = d.key(item)
			return
		}
		slot := d.layout.slot(key)
		if slot < 0 && !whole || first != nil {
			return
		}
		v, err := d.value(item)
		if err == nil && slot >= 0 {
			err = d.put(cols, slot, v)
		} else if err != nil {
			err = fmt.Errorf("column %q: %w", key, err)
		}
		if first = err; whole {
			d.names, d.values = append(d.names, text(key)), append(d.values, v)
		}
	})
	if first != nil {
		return value.Row{}, first
	}
	if whole {
		cols[d.layout.whole] = value.OfObject(value.FieldsOf(slices.Clone(d.names), slices.Clone(d.values)))
	}
	return d.end(cols, meta, t)
}

// key is the name of a column; a key that is no text stands for its text.
func (d *cborDecoder) key(item []byte) []byte {
	if item[0]>>5 == cborText && item[0]&0x1f != 31 {
		head, _ := cborHead(item)
		return item[head:]
	}
	var k any
	if err := d.mode.Unmarshal(item, &k); err != nil {
		return nil
	}
	return []byte(keyText(k))
}

func (d *cborDecoder) value(item []byte) (value.Value, error) {
	var v any
	if err := d.mode.Unmarshal(item, &v); err != nil {
		return value.Value{}, errors.New(strings.TrimPrefix(err.Error(), "cbor: "))
	}
	return fromCBOR(v), nil
}

// fromCBOR converts what the library yields.
func fromCBOR(v any) value.Value {
	switch t := v.(type) {
	case string:
		return value.OfString(text([]byte(t)))
	case []any:
		list := make([]value.Value, len(t))
		for i, e := range t {
			list[i] = fromCBOR(e)
		}
		return value.OfList(list)
	case map[any]any:
		names, values := make([]string, 0, len(t)), make([]value.Value, 0, len(t))
		for k, e := range t {
			names, values = append(names, keyText(k)), append(values, fromCBOR(e))
		}
		return value.OfObject(value.FieldsOf(names, values))
	case cbor.Tag:
		return fromCBOR(t.Content)
	case cbor.SimpleValue:
		return value.OfInt(int64(t))
	case cbor.ByteString:
		return value.OfBytes(t.Bytes())
	case big.Int:
		f, _ := new(big.Float).SetInt(&t).Float64()
		return value.OfFloat(f)
	case time.Time:
		return ofInstant(t)
	}
	return FromGo(v)
}

// ofInstant is a DATETIME, or a text of an instant that DATETIME cannot hold.
func ofInstant(t time.Time) value.Value {
	if y := t.UTC().Year(); y < 1679 || y > 2261 {
		return value.OfString(t.UTC().Format(time.RFC3339Nano))
	}
	return value.OfTime(t.UnixNano())
}

func keyText(k any) string {
	switch t := k.(type) {
	case string:
		return text([]byte(t))
	case cbor.ByteString:
		return text([]byte(t))
	case []byte:
		return text(t)
	case cbor.Tag:
		return keyText(t.Content)
	case big.Int:
		return t.String()
	}
	return fmt.Sprint(k)
}

func cborName(b []byte) string {
	switch b[0] >> 5 {
	case 0, 1:
		return "an integer"
	case cborBytes:
		return "a byte string"
	case cborText:
		return "a text"
	case cborArray:
		return "an array"
	case cborMap:
		return "a map"
	}
	return "a simple value"
}

// untagged is an item without its tags. What follows reads CBOR that is
// well-formed.
func untagged(b []byte) []byte {
	for b[0]>>5 == cborTag {
		head, _ := cborHead(b)
		b = b[head:]
	}
	return b
}

// cborHead is the length of an item's head, and its argument.
func cborHead(b []byte) (head int, argument uint64) {
	switch info := b[0] & 0x1f; info {
	case 24:
		return 2, uint64(b[1])
	case 25:
		return 3, uint64(binary.BigEndian.Uint16(b[1:]))
	case 26:
		return 5, uint64(binary.BigEndian.Uint32(b[1:]))
	case 27:
		return 9, binary.BigEndian.Uint64(b[1:])
	default:
		return 1, uint64(info) // 31, of indefinite length, is looked at before
	}
}

// cborSize is the length of the item that b begins with.
func cborSize(b []byte) int {
	major, indefinite := b[0]>>5, b[0]&0x1f == 31
	head, n := cborHead(b)
	switch major {
	case cborBytes, cborText:
		if !indefinite {
			return head + int(n)
		}
	case cborArray, cborMap:
	case cborTag:
		return head + cborSize(b[head:])
	default:
		return head
	}
	return head + items(b, func([]byte) {})
}

// eachItem gives the elements of an array, or the keys and values of a map in
// turn.
func eachItem(b []byte, f func(item []byte)) { items(b, f) }

// items does so, and returns their length with that of the end.
func items(b []byte, f func(item []byte)) int {
	head, n := cborHead(b)
	if b[0]>>5 == cborMap {
		n *= 2
	}
	at := head
	for indefinite := b[0]&0x1f == 31; ; n-- {
		if indefinite && b[at] == cborBreak {
			return at + 1 - head
		}
		if !indefinite && n == 0 {
			return at - head
		}
		size := cborSize(b[at:])
		f(b[at : at+size])
		at += size
	}
}

// cborWriter writes a row as a map with sorted keys.
type cborWriter struct{}

func (cborWriter) Append(dst []byte, rows []*value.Fields, single bool) ([]byte, error) {
	if single && len(rows) == 1 {
		return appendCBORFields(dst, rows[0]), nil
	}
	dst = appendCBORHead(dst, cborArray, uint64(len(rows)))
	for _, r := range rows {
		dst = appendCBORFields(dst, r)
	}
	return dst, nil
}

// Join makes an array of payloads.
func (cborWriter) Join(dst []byte, payloads [][]byte) []byte {
	dst = appendCBORHead(dst, cborArray, uint64(len(payloads)))
	for _, p := range payloads {
		dst = append(dst, p...)
	}
	return dst
}

func (cborWriter) Text() bool { return false }

func appendCBORFields(dst []byte, f *value.Fields) []byte {
	dst = appendCBORHead(dst, cborMap, uint64(len(f.Names)))
	for i, name := range f.Names {
		dst = appendCBOR(append(appendCBORHead(dst, cborText, uint64(len(name))), name...), f.Values[i])
	}
	return dst
}

func appendCBOR(dst []byte, v value.Value) []byte {
	switch v.Kind() {
	case value.Bool:
		if v.True() {
			return append(dst, 0xf5)
		}
		return append(dst, 0xf4)
	case value.Int:
		if i := v.Int(); i < 0 {
			return appendCBORHead(dst, 1, uint64(-(i + 1)))
		}
		return appendCBORHead(dst, 0, uint64(v.Int()))
	case value.Float:
		return binary.BigEndian.AppendUint64(append(dst, 0xfb), math.Float64bits(v.Float()))
	case value.String:
		s := strings.ToValidUTF8(v.Str(), "\ufffd")
		return append(appendCBORHead(dst, cborText, uint64(len(s))), s...)
	case value.Bytes:
		return append(appendCBORHead(dst, cborBytes, uint64(len(v.Bytes()))), v.Bytes()...)
	case value.Time: // tag 0: a text as in JSON
		s, _ := appendText(nil, v)
		return append(appendCBORHead(append(dst, 0xc0), cborText, uint64(len(s))), s...)
	case value.List:
		dst = appendCBORHead(dst, cborArray, uint64(len(v.List())))
		for _, e := range v.List() {
			dst = appendCBOR(dst, e)
		}
		return dst
	case value.Object:
		return appendCBORFields(dst, v.Object())
	}
	return append(dst, 0xf6)
}

func appendCBORHead(dst []byte, major byte, n uint64) []byte {
	major <<= 5
	switch {
	case n < 24:
		return append(dst, major|byte(n))
	case n <= math.MaxUint8:
		return append(dst, major|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, major|25), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, major|27), n)
}
