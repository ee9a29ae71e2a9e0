package upstream

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// pair is a key and its value as Consul writes them.
type pair struct {
	LockIndex   uint64
	Key         string
	Flags       uint64
	Value       []byte
	CreateIndex uint64
	ModifyIndex uint64
}

// regionLimit bounds the prefixes that are remembered. A service has half a
// dozen.
const regionLimit = 64

// keys is the last known part of Consul's key-value store, and what else a
// start asks for.
type keys struct {
	Values   map[string][]byte `json:"values"`
	Regions  []string          `json:"regions"`  // prefixes that are asked for
	Services json.RawMessage   `json:"services"` // the answer that lists the services
}

func newKeys() *keys { return &keys{Values: map[string][]byte{}} }

// readyEnd ends the key by which EdgeX's bootstrapper tells that the common
// configuration is complete.
const readyEnd = "/IsCommonConfigReady"

// readyKey is that key; "" without it.
func (k *keys) readyKey() string {
	for key, value := range k.Values {
		if strings.HasSuffix(key, readyEnd) && string(value) == "true" {
			return key
		}
	}
	return ""
}

// complete tells that a service can start from what is known.
func (k *keys) complete() bool { return len(k.Regions) > 0 && k.readyKey() != "" }

// within tells that a prefix, or one before it, has been asked for.
func (k *keys) within(prefix string) bool {
	return slices.ContainsFunc(k.Regions, func(r string) bool { return strings.HasPrefix(prefix, r) })
}

// note remembers that a prefix is asked for.
func (k *keys) note(prefix string) (changed bool) {
	if k.within(prefix) || len(k.Regions) >= regionLimit || prefix == "" {
		return false
	}
	k.Regions = append(slices.DeleteFunc(k.Regions, func(r string) bool { return strings.HasPrefix(r, prefix) }), prefix)
	return true
}

// replace takes all pairs below a prefix. That there are none any more is not
// believed: a Consul that has lost its data is filled again.
func (k *keys) replace(prefix string, pairs []pair) (changed bool) {
	if len(pairs) == 0 {
		return false
	}
	changed = k.note(prefix)
	next := make(map[string][]byte, len(pairs))
	for _, p := range pairs {
		next[p.Key] = p.Value
	}
	for key := range k.Values {
		if _, still := next[key]; strings.HasPrefix(key, prefix) && !still {
			delete(k.Values, key)
			changed = true
		}
	}
	for key, value := range next {
		changed = k.put(key, value) || changed
	}
	return changed
}

func (k *keys) put(key string, value []byte) (changed bool) {
	if old, known := k.Values[key]; known && string(old) == string(value) {
		return false
	}
	k.Values[key] = value
	return true
}

// pairs are those below a prefix, in order.
func (k *keys) pairs(prefix string) []pair {
	var out []pair
	for _, key := range slices.Sorted(maps.Keys(k.Values)) {
		if strings.HasPrefix(key, prefix) {
			out = append(out, pair{Key: key, Value: k.Values[key], CreateIndex: 1, ModifyIndex: 1})
		}
	}
	return out
}

// digest is the same for equal pairs, whatever their indices.
func digest(pairs []pair) string {
	var b strings.Builder
	for _, p := range pairs {
		fmt.Fprintf(&b, "%q=%s\n", p.Key, base64.StdEncoding.EncodeToString(p.Value))
	}
	return sum([]byte(b.String()))
}
