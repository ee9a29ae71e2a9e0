package geneva

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
)

// setSuffix is what the name of a command ends in that sets other resources
// than it reads.
const setSuffix = "-set"

// command converts a command. In v3 it reads and sets the same resources; where
// v1 has others for each, it becomes two.
func (c *converter) command(profile string, v1 commandV1, access map[string]string) []dtos.DeviceCommand {
	path := profile + "." + v1.Name
	c.unknown(path, v1.Rest)
	get, set := c.operations(path, v1.Get, access, "R"), c.operations(path, v1.Set, access, "W")
	reversed := make([]dtos.ResourceOperation, len(set))
	for i, o := range set {
		o.Mappings = c.inverse(path, o)
		reversed[i] = o
	}
	switch {
	case len(get) == 0 && len(set) == 0:
		c.note(path, "does nothing and is dropped")
		return nil
	case len(set) == 0:
		return []dtos.DeviceCommand{{Name: v1.Name, ReadWrite: "R", ResourceOperations: get}}
	case len(get) == 0:
		return []dtos.DeviceCommand{{Name: v1.Name, ReadWrite: "W", ResourceOperations: reversed}}
	case sameResources(get, set):
		return []dtos.DeviceCommand{{Name: v1.Name, ReadWrite: "RW", ResourceOperations: c.merge(path, get, reversed)}}
	}
	c.note(path, "it reads other resources than it sets: %s sets", v1.Name+setSuffix)
	return []dtos.DeviceCommand{
		{Name: v1.Name, ReadWrite: "R", ResourceOperations: get},
		{Name: v1.Name + setSuffix, ReadWrite: "W", ResourceOperations: reversed},
	}
}

// operations are those of one direction, in the order of their index. Those
// of resources that cannot do it are dropped.
func (c *converter) operations(path string, v1 []operationV1, access map[string]string, way string) []dtos.ResourceOperation {
	v1 = slices.Clone(v1)
	slices.SortStableFunc(v1, func(a, b operationV1) int { return cmp.Compare(position(a.Index), position(b.Index)) })
	var list []dtos.ResourceOperation
	for _, o := range v1 {
		c.unknown(path, o.Rest)
		name := o.resource()
		able, known := access[name]
		switch {
		case o.DeviceCommand != "":
			c.note(path, "a command cannot call the command %q any more: this part is dropped", o.DeviceCommand)
		case !known:
			c.fail(path, "there is no resource %q", name)
		case !strings.Contains(able, way):
			c.note(path, "resource %q is %s: this part of the command is dropped", name, able)
		case slices.ContainsFunc(list, func(other dtos.ResourceOperation) bool { return other.DeviceResource == name }):
			c.note(path, "resource %q is named twice: the first one counts", name)
		default:
			list = append(list, dtos.ResourceOperation{DeviceResource: name, DefaultValue: o.Parameter, Mappings: o.Mappings})
		}
	}
	return list
}

// position is an index as a number. What is none stays where it stands.
func position(index string) int {
	n, err := strconv.Atoi(strings.TrimSpace(index))
	if err != nil {
		return 0
	}
	return n
}

func sameResources(a, b []dtos.ResourceOperation) bool {
	return slices.Equal(resourceNames(a), resourceNames(b))
}

func resourceNames(list []dtos.ResourceOperation) []string {
	var names []string
	for _, o := range list {
		names = append(names, o.DeviceResource)
	}
	slices.Sort(names)
	return names
}

// inverse is a mapping of what is set, in the direction of reading.
func (c *converter) inverse(path string, o dtos.ResourceOperation) map[string]string {
	if o.Mappings == nil {
		return nil
	}
	out := map[string]string{}
	for _, from := range slices.Sorted(maps.Keys(o.Mappings)) {
		to := o.Mappings[from]
		if other, taken := out[to]; taken {
			c.note(path, "resource %q: %q and %q are set as %q: only the first is kept", o.DeviceResource, other, from, to)
			continue
		}
		out[to] = from
	}
	return out
}

// merge makes one list of what is read and what is set.
func (c *converter) merge(path string, get, set []dtos.ResourceOperation) []dtos.ResourceOperation {
	for i := range get {
		at := slices.IndexFunc(set, func(o dtos.ResourceOperation) bool { return o.DeviceResource == get[i].DeviceResource })
		other := set[at]
		get[i].DefaultValue = cmp.Or(get[i].DefaultValue, other.DefaultValue)
		switch {
		case get[i].Mappings == nil:
			get[i].Mappings = other.Mappings
		case other.Mappings != nil && !maps.Equal(get[i].Mappings, other.Mappings):
			c.note(path, "resource %q: the mapping of set is not the inverse of that of get, which is kept", get[i].DeviceResource)
		}
	}
	return get
}
