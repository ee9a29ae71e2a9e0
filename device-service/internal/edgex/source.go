package edgex

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"sync/atomic"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"

	"sluice/device-service/internal/driver"
)

// errAssertion marks a reading whose value is not the one that its profile asserts.
var errAssertion = errors.New("assertion failed")

// source is what an event comes from, ready to be read: a device command, a
// resource, or the resources that a regular expression names.
type source struct {
	name      string
	resources []driver.Resource
	fields    []field // one for each resource
	tags      map[string]any
	late      bool        // it was logged that ticks are skipped
	refuted   atomic.Bool // an assertion failed, the device is being set DOWN
}

// field is what happens to the readings of one resource.
type field struct {
	properties models.ResourceProperties
	transform  transform
	mappings   map[string]string
	tags       map[string]any
}

// newSource resolves the name of an event source as the SDK does: a command,
// else a regular expression over the names of resources.
func newSource(p models.DeviceProfile, name string) (*source, error) {
	for _, c := range p.DeviceCommands {
		if c.Name == name {
			return commandSource(p, c)
		}
	}
	named, err := naming(name)
	if err != nil {
		return nil, fmt.Errorf("source %q is neither a device command nor a device resource of profile %q", name, p.Name)
	}
	s := &source{name: name}
	found := false
	for _, r := range p.DeviceResources {
		if r.Name != name && !named(r.Name) {
			continue
		}
		found = true
		if r.Properties.ReadWrite != common.ReadWrite_W {
			s.add(r, mappingsOf(p, r.Name))
		}
	}
	if !found {
		return nil, fmt.Errorf("source %q is neither a device command nor a device resource of profile %q", name, p.Name)
	}
	if len(s.resources) == 0 {
		return nil, fmt.Errorf("source %q is write only", name)
	}
	return s, nil
}

// naming tells which names a regular expression stands for. Most are the name
// of a resource and nothing else, for which none is compiled.
func naming(expression string) (named func(name string) bool, err error) {
	if regexp.QuoteMeta(expression) == expression {
		return func(name string) bool { return name == expression }, nil
	}
	re, err := regexp.CompilePOSIX(expression)
	if err != nil {
		return nil, err
	}
	return func(name string) bool { return re.FindString(name) == name }, nil
}

func commandSource(p models.DeviceProfile, c models.DeviceCommand) (*source, error) {
	if c.ReadWrite == common.ReadWrite_W {
		return nil, fmt.Errorf("source %q is write only", c.Name)
	}
	s := &source{name: c.Name, tags: c.Tags}
	for _, op := range c.ResourceOperations {
		r, found := resourceOf(p, op.DeviceResource)
		if !found {
			return nil, fmt.Errorf("device command %q names the resource %q, which profile %q does not have", c.Name, op.DeviceResource, p.Name)
		}
		s.add(r, op.Mappings)
	}
	if len(s.resources) == 0 {
		return nil, fmt.Errorf("device command %q has no resources", c.Name)
	}
	return s, nil
}

func (s *source) add(r models.DeviceResource, mappings map[string]string) {
	s.resources = append(s.resources, toResource(r))
	s.fields = append(s.fields, field{
		properties: r.Properties,
		transform:  newTransform(r.Properties),
		mappings:   mappings,
		tags:       r.Tags,
	})
}

// mappingsOf are the mappings of the first command that has some for a
// resource: they hold for a read of the resource alone, too.
func mappingsOf(p models.DeviceProfile, resource string) map[string]string {
	for _, c := range p.DeviceCommands {
		for _, op := range c.ResourceOperations {
			if op.DeviceResource == resource && len(op.Mappings) > 0 {
				return op.Mappings
			}
		}
	}
	return nil
}

func resourceOf(p models.DeviceProfile, name string) (models.DeviceResource, bool) {
	for _, r := range p.DeviceResources {
		if r.Name == name {
			return r, true
		}
	}
	return models.DeviceResource{}, false
}

// toResource makes a resource of our contract. The attributes are copied: the
// SDK writes the query of a command into its own map and leaves it there.
func toResource(r models.DeviceResource) driver.Resource {
	attributes := make(map[string]any, len(r.Attributes))
	maps.Copy(attributes, r.Attributes)
	delete(attributes, rawQuery)
	return driver.Resource{
		Name:       r.Name,
		Type:       driver.Type(r.Properties.ValueType),
		Attributes: attributes,
		Readable:   r.Properties.ReadWrite != common.ReadWrite_W,
		Writable:   r.Properties.ReadWrite != common.ReadWrite_R,
	}
}

// rawQuery is the attribute in which the SDK hands over the query of a command.
const rawQuery = "urlRawQuery"

// convert transforms readings into the values that events carry; transforms
// tells whether the properties of the profile are applied at all.
func (s *source) convert(readings []driver.Reading, transforms bool) []driver.Reading {
	out := make([]driver.Reading, len(readings))
	for i, r := range readings {
		out[i] = s.fields[i].convert(r, transforms)
	}
	return out
}

func (f *field) convert(r driver.Reading, transforms bool) driver.Reading {
	if r.Err != nil {
		return r
	}
	if transforms {
		v, err := f.transform.apply(r.Value)
		switch {
		case errors.Is(err, errOverflow), errors.Is(err, errNaN):
			v = err.Error() // as the SDK has it: the word takes the place of the value
		case err != nil:
			r.Err = err
			return r
		}
		r.Value = v
	}
	if a := f.properties.Assertion; a != "" && fmt.Sprint(r.Value) != a {
		r.Err = fmt.Errorf("%w: value %v, asserted %q", errAssertion, r.Value, a)
		return r
	}
	if len(f.mappings) == 0 {
		return r
	}
	if mapped, ok := f.mappings[fmt.Sprint(r.Value)]; ok {
		r.Value = mapped
	}
	return r
}
