package kubeedge

import (
	"encoding/json"
	"fmt"
	"maps"
)

// annotation holds, as JSON, what the version of an exported object has no
// field for. Reading the object puts it back.
const annotation = "sluice/kept"

// beyond is the text of the annotation.
type beyond struct{ text string }

// beyondOf takes the annotation off an object.
func beyondOf(o *object) beyond {
	meta := o.object("metadata")
	if !meta.has("annotations") {
		return beyond{}
	}
	return beyond{meta.object("annotations").text(annotation)}
}

func (b beyond) intoModel(m *Model) error {
	place := m.Place
	var out Model
	if err := b.into(m, &out); err != nil || b.text == "" {
		return err
	}
	for i := range out.Properties {
		if p := m.property(out.Properties[i].Name); p != nil {
			out.Properties[i].line = p.line
		}
	}
	*m, m.Place = out, place
	return nil
}

func (b beyond) intoDevice(d *Device) error {
	place := d.Place
	var out Device
	if err := b.into(d, &out); err != nil || b.text == "" {
		return err
	}
	for i := range out.Settings {
		if s := d.find(out.Settings[i].Name); s != nil {
			out.Settings[i].line = s.line
		}
	}
	*d, d.Place = out, place
	return nil
}

// into makes out of an object and what is beyond its version.
func (b beyond) into(object, out any) error {
	if b.text == "" {
		return nil
	}
	if !json.Valid([]byte(b.text)) {
		return fmt.Errorf("is not JSON; remove it to import without what it keeps")
	}
	more, err := treeOf(json.RawMessage(b.text))
	if err != nil {
		return err
	}
	tree, err := treeOf(object)
	if err != nil {
		return err
	}
	byName(tree, "properties")
	delete(more, "name") // an annotation does not rename
	tree = merged(tree, more)
	inOrder(tree, "properties")
	return fromTree(tree, out)
}

// annotate puts what is beyond the version of an object into its metadata.
func annotate(tree map[string]any, more any) error {
	kept, err := treeOf(more)
	if err != nil {
		return err
	}
	byName(kept, "properties")
	delete(kept, "order")
	if items, _ := kept["properties"].(map[string]any); items != nil {
		for name, item := range items {
			m, _ := item.(map[string]any)
			delete(m, "name")
			if len(m) == 0 {
				delete(items, name)
			}
		}
		if len(items) == 0 {
			delete(kept, "properties")
		}
	}
	if len(kept) == 0 {
		return nil
	}
	b, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	meta, _ := tree["metadata"].(map[string]any)
	annotations, _ := meta["annotations"].(map[string]any)
	annotations = maps.Clone(annotations)
	if annotations == nil {
		annotations = map[string]any{}
	}
	annotations[annotation] = string(b)
	meta["annotations"] = annotations
	return nil
}

// parted is what of a rest goes into an object of a version, and what can only
// be kept beside it: the rest of an object that was written for another one.
func parted(rest map[string]any, from, to string) (direct, kept map[string]any) {
	direct, kept = map[string]any{}, map[string]any{}
	for key, v := range rest {
		m, isMap := v.(map[string]any)
		switch {
		case key == "metadata":
			direct[key] = v
		case key == V1Alpha1 || key == V1Alpha2 || key == V1Beta1:
			if isMap && key == to {
				direct = merged(direct, m)
				continue
			}
			kept[key] = v
		case from == "" || from == to:
			direct[key] = v
		default:
			old, _ := kept[from].(map[string]any)
			kept[from] = merged(old, map[string]any{key: v})
		}
	}
	return direct, nonEmpty(kept)
}
