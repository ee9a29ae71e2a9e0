package rule

import (
	"bytes"
	"encoding/json"
)

// Pairs is a JSON object whose keys stay in order.
type Pairs []Pair

// Pair is one key of Pairs.
type Pair struct {
	Key   string
	Value any
}

// MarshalJSON writes the object.
func (p Pairs) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, e := range p {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(e.Key)
		if err != nil {
			return nil, err
		}
		val, err := json.Marshal(e.Value)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(val)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
