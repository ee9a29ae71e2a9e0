package exec

import (
	"bytes"
	"hash/maphash"
	"slices"

	"sluice/sqlengine/value"
)

// joinIndex finds rows by the values of some columns: a hash table whose
// buckets are chains through the rows. It keeps no pointer per row, and its
// memory is used again when it is built anew.
type joinIndex struct {
	slots []int
	seed  maphash.Seed
	keys  []byte // of all rows, one behind the other
	ends  []int  // of the key of each row
	heads []int32
	next  []int32
}

const noRow = -1

func newJoinIndex(slots []int) *joinIndex { return &joinIndex{slots: slots, seed: maphash.MakeSeed()} }

// build takes in rows and forgets those of before.
func (x *joinIndex) build(rows []value.Row) {
	x.keys, x.ends = x.keys[:0], x.ends[:0]
	for i := range rows {
		for _, slot := range x.slots { // a NULL among them is never looked for
			x.keys = value.AppendKey(x.keys, rows[i].Cols[slot])
		}
		x.ends = append(x.ends, len(x.keys))
	}
	size := 1
	for size < len(rows) {
		size *= 2
	}
	x.next = slices.Grow(x.next[:0], len(rows))[:len(rows)]
	x.heads = slices.Grow(x.heads[:0], size)[:size]
	for i := range x.heads {
		x.heads[i] = noRow
	}
	for i := range slices.Backward(rows) { // so that a chain is in the order of the rows
		head := x.bucket(x.key(int32(i)))
		x.next[i], *head = *head, int32(i)
	}
}

func (x *joinIndex) key(i int32) []byte {
	start := 0
	if i > 0 {
		start = x.ends[i-1]
	}
	return x.keys[start:x.ends[i]]
}

func (x *joinIndex) bucket(key []byte) *int32 {
	return &x.heads[maphash.Bytes(x.seed, key)&uint64(len(x.heads)-1)]
}

// find appends the rows of a key, in their order.
func (x *joinIndex) find(dst []int32, key []byte) []int32 {
	for i := *x.bucket(key); i != noRow; i = x.next[i] {
		if bytes.Equal(x.key(i), key) {
			dst = append(dst, i)
		}
	}
	return dst
}
