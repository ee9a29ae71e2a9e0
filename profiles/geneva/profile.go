package geneva

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"go.yaml.in/yaml/v3"
)

// profiles converts the profiles of a file.
func (c *converter) profiles(data []byte) {
	found := 0
	for dec := yaml.NewDecoder(bytes.NewReader(data)); ; {
		var n yaml.Node
		err := dec.Decode(&n)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			c.fail("", "read YAML: %v", err)
			return
		}
		var p profileV1
		c.line = n.Line
		if err := n.Decode(&p); err != nil {
			c.fail("", "read the profile: %v", err)
			return
		}
		found++
		if p.Rest["apiVersion"] != nil && p.Rest["kind"] != nil {
			c.fail("", "this is an object of Kubernetes, not a profile of EdgeX: import it as one of KubeEdge")
			continue
		}
		c.profile(p)
	}
	if found == 0 {
		c.note("", "there is no profile in the file")
	}
}

func (c *converter) profile(v1 profileV1) {
	c.unknown(v1.Name, v1.Rest)
	p := dtos.DeviceProfile{DeviceProfileBasicInfo: dtos.DeviceProfileBasicInfo{
		Name: c.name(v1.Name, "profile", v1.Name), Manufacturer: v1.Manufacturer, Model: v1.Model, Description: v1.Description, Labels: v1.Labels,
	}}
	access := map[string]string{}
	for _, r := range v1.DeviceResources {
		one := c.resource(v1.Name, r)
		if access[one.Name] != "" || one.Name == "" {
			c.fail(v1.Name+"."+r.Name, "a resource has no name, or that of another one")
		}
		access[one.Name] = one.Properties.ReadWrite
		p.DeviceResources = append(p.DeviceResources, one)
	}
	for _, command := range v1.DeviceCommands {
		p.DeviceCommands = append(p.DeviceCommands, c.command(v1.Name, command, access)...)
	}
	c.hide(&p, v1)
	c.once("profile", p.Name)
	c.result.Profiles = append(c.result.Profiles, p)
}

// hide hides what had no core command: nobody could call it.
func (c *converter) hide(p *dtos.DeviceProfile, v1 profileV1) {
	if len(v1.CoreCommands) == 0 {
		c.note(v1.Name, "there are no coreCommands: everything can be called")
		return
	}
	callable := map[string]bool{}
	for _, core := range v1.CoreCommands {
		callable[core.Name] = true
	}
	for i := range p.DeviceResources {
		p.DeviceResources[i].IsHidden = !callable[p.DeviceResources[i].Name]
	}
	for i := range p.DeviceCommands {
		p.DeviceCommands[i].IsHidden = !callable[strings.TrimSuffix(p.DeviceCommands[i].Name, setSuffix)]
	}
	c.note(v1.Name, "coreCommands are dropped: what had none is hidden")
}

// unknown tells of keys that are not converted.
func (c *converter) unknown(path string, rest map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(rest)) {
		switch key {
		case "created", "modified", "origin", "id", "commands", "secondary", "resource", "property": // which services write, or v1 ignores
		default:
			c.note(path+"."+key, "is not known and not converted")
		}
	}
}
