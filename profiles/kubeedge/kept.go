package kubeedge

import (
	"fmt"
	"maps"
	"strings"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
)

// What EdgeX has no field for is kept with the device, as the difference
// between what export would make of profile and device alone and what was
// imported. So a change at EdgeX shows in an export, and nothing is lost.

// keep is what is to be kept, nil if there is nothing.
func (c *conversion) keep(d dtos.Device) (map[string]any, error) {
	model, device := derive(c.profile, d)
	own := *c.device
	own.Protocol.Config = withoutPassword(own.Protocol.Config)
	wantedDevice, err := treeByName(own)
	if err != nil {
		return nil, err
	}
	wantedModel, err := c.treeOfModel(c.model)
	if err != nil {
		return nil, err
	}
	kept := map[string]any{}
	for _, side := range []struct {
		name    string
		derived any
		wanted  map[string]any
	}{{"model", model, wantedModel}, {"device", device, wantedDevice}} {
		derived, err := treeByName(side.derived)
		if err != nil {
			return nil, err
		}
		if patch := patchTo(derived, side.wanted); patch != nil {
			kept[side.name] = patch
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

// treeOfModel is the tree of a model, which many devices may have.
func (c *converter) treeOfModel(m *Model) (map[string]any, error) {
	if tree := c.trees[m]; tree != nil {
		return tree, nil
	}
	tree, err := treeByName(m)
	if err == nil {
		c.trees[m] = tree
	}
	return tree, err
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
