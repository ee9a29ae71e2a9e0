package kubeedge

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
)

// What EdgeX has no field for is kept with the device, as the difference
// between what export would make of profile and device alone and what was
// imported. So a change at EdgeX shows in an export, and nothing is lost.

// keep is what is to be kept, nil if there is nothing.
func (c *conversion) keep(d dtos.Device) (map[string]any, error) {
	derivedModel, derivedDevice := derive(c.profile, d)
	model, err := c.patchToModel(derivedModel)
	if err != nil {
		return nil, err
	}
	device, err := c.patchToDevice(derivedDevice)
	if err != nil {
		return nil, err
	}
	kept := map[string]any{}
	for side, patch := range map[string]map[string]any{"model": model, "device": device} {
		if patch != nil {
			kept[side] = patch
		}
	}
	if len(kept) > 0 && c.options.Choices != usual {
		choices, err := treeOf(c.options.Choices)
		if err != nil {
			return nil, err
		}
		kept["options"] = choices
	}
	return nonEmpty(kept), nil
}

// modelPatch makes a model of one that was derived.
type modelPatch struct {
	from  Model
	patch map[string]any
}

// patchToModel makes the model of the device of a derived one. Most devices of
// a model have the same.
func (c *conversion) patchToModel(derived Model) (map[string]any, error) {
	if last, there := c.patches[c.model]; there && reflect.DeepEqual(last.from, derived) {
		return last.patch, nil
	}
	from, wanted := derived, *c.model
	patch, err := patchBetween(&from, &wanted)
	if err == nil {
		c.patches[c.model] = modelPatch{derived, patch}
	}
	return patch, err
}

// patchToDevice makes the device of a derived one.
func (c *conversion) patchToDevice(derived Device) (map[string]any, error) {
	wanted := *c.device
	wanted.Protocol.Config = withoutPassword(wanted.Protocol.Config)
	wanted.Settings = slices.Clone(wanted.Settings)
	for i := range wanted.Settings {
		wanted.Settings[i].line = 0 // no part of the tree
	}
	return patchBetween(&derived, &wanted)
}

// patchBetween is what makes the second of the first, which both lose what they
// have in common: a tree of all of it takes long.
func patchBetween[T Model | Device](from, wanted *T) (map[string]any, error) {
	x, y := reflect.ValueOf(from).Elem(), reflect.ValueOf(wanted).Elem()
	for i := range x.NumField() {
		if f := x.Field(i); f.CanSet() && reflect.DeepEqual(f.Interface(), y.Field(i).Interface()) {
			f.SetZero()
			y.Field(i).SetZero()
		}
	}
	a, err := treeByName(from)
	if err != nil {
		return nil, err
	}
	b, err := treeByName(wanted)
	if err != nil {
		return nil, err
	}
	return patchTo(a, b), nil
}

func treeByName(v any) (map[string]any, error) {
	tree, err := treeOf(v)
	if err != nil {
		return nil, fmt.Errorf("it cannot be kept: %w", err)
	}
	byName(tree, "properties")
	return tree, nil
}

// withoutPassword takes a password out of the configuration of a protocol,
// unless it is the path of a file with it, as KubeEdge's mapper wants.
func withoutPassword(config map[string]any) map[string]any {
	out := maps.Clone(config)
	maps.DeleteFunc(out, func(key string, v any) bool {
		return strings.EqualFold(key, "password") && !strings.HasPrefix(text(v), "/")
	})
	return out
}
