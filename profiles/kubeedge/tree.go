package kubeedge

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// A tree is a value as JSON has it: objects, lists, texts, int64, float64 and
// booleans.

// treeOf is v as a tree.
func treeOf(v any) (map[string]any, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var m map[string]any
	if err := dec.Decode(&m); err != nil {
		return nil, err
	}
	for key, in := range m {
		if in == nil {
			delete(m, key)
			continue
		}
		m[key] = grown(in)
	}
	return m, nil
}

// grown is what a decoder has made as a tree: numbers as int64 and float64,
// and nothing that is null.
func grown(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, err := v.Float64()
		if err != nil {
			return v.String() // beyond what a number can be
		}
		return number(f)
	case map[string]any:
		for key, in := range v {
			if in == nil {
				delete(v, key)
				continue
			}
			v[key] = grown(in)
		}
	case []any:
		for i, in := range v {
			v[i] = grown(in)
		}
	}
	return v
}

// fromTree reads a tree into v.
func fromTree(tree map[string]any, v any) error {
	b, err := json.Marshal(tree)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}

// equal tells whether two trees are the same.
func equal(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, equal)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equal)
	}
	switch b.(type) {
	case map[string]any, []any:
		return false
	}
	return a == b
}

// nonEmpty makes nothing of an empty object: both say the same.
func nonEmpty(m map[string]any) map[string]any {
	if len(m) == 0 {
		return nil
	}
	return m
}

// merged is a with b put into it; where both have a value, b's counts.
func merged(a, b map[string]any) map[string]any {
	out := maps.Clone(a)
	if out == nil {
		out = map[string]any{}
	}
	for key, v := range b {
		in, isMap := v.(map[string]any)
		old, wasMap := out[key].(map[string]any)
		if isMap && wasMap {
			v = merged(old, in)
		}
		out[key] = v
	}
	return out
}

// without is the key of a patch that lists what is to be taken away. A merge
// patch of RFC 7386 has null for that, which does not outlive YAML.
const without = "-"

// patchTo is what makes b of a, nil if they are the same.
func patchTo(a, b map[string]any) map[string]any {
	patch := map[string]any{}
	var gone []string
	for key := range a {
		if _, ok := b[key]; !ok {
			gone = append(gone, key)
		}
	}
	if gone != nil {
		slices.Sort(gone)
		patch[without] = list(gone)
	}
	for key, v := range b {
		old, wasMap := a[key].(map[string]any)
		in, isMap := v.(map[string]any)
		switch {
		case wasMap && isMap:
			if inner := patchTo(old, in); inner != nil {
				patch[key] = inner
			}
		case !equal(a[key], v):
			patch[key] = v
		}
	}
	if len(patch) == 0 {
		return nil
	}
	return patch
}

// patched is a tree after a patch.
func patched(tree, patch map[string]any) map[string]any {
	out := maps.Clone(tree)
	if out == nil {
		out = map[string]any{}
	}
	gone, _ := patch[without].([]any)
	for _, key := range gone {
		delete(out, text(key))
	}
	for key, v := range patch {
		in, isMap := v.(map[string]any)
		old, wasMap := out[key].(map[string]any)
		switch {
		case key == without:
		case isMap && wasMap:
			out[key] = patched(old, in)
		default:
			out[key] = v
		}
	}
	return out
}

// byName turns the lists at key into objects by the names of their items, so
// that patches name what they change. What the order was is kept beside it.
func byName(tree map[string]any, key string) {
	list, _ := tree[key].([]any)
	if list == nil {
		return
	}
	items, order := map[string]any{}, []any{}
	for _, one := range list {
		m, _ := one.(map[string]any)
		name := text(m["name"])
		items[name] = m
		order = append(order, name)
	}
	tree[key], tree["order"] = items, order
}

// inOrder undoes byName. Items that the order does not name come last. An item
// without a name is what a patch says of one that is gone.
func inOrder(tree map[string]any, key string) {
	items, _ := tree[key].(map[string]any)
	order, _ := tree["order"].([]any)
	delete(tree, "order")
	if items == nil {
		return
	}
	list := []any{}
	take := func(name string) {
		if m, _ := items[name].(map[string]any); m["name"] != nil {
			list = append(list, m)
		}
		delete(items, name)
	}
	for _, name := range order {
		take(text(name))
	}
	for _, name := range slices.Sorted(maps.Keys(items)) {
		take(name)
	}
	tree[key] = list
}
