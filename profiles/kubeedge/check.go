package kubeedge

import (
	"fmt"
	"math"
	"strings"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
)

// check finds what EdgeX would refuse, or could not work with, before anything
// is sent to it.
func (c *converter) check(documents []Document) {
	k := checking{converter: c, titles: map[Place]string{}}
	for _, d := range documents {
		k.titles[d.Place] = d.title()
	}
	profiles, devices := map[string]bool{}, map[string]bool{}
	for _, p := range c.result.Profiles {
		k.once("profile", p.Name, p.From, profiles)
		if err := p.Validate(); err != nil {
			k.refuse("profile", p.Name, p.From, err)
		}
		for _, r := range p.DeviceResources {
			if err := checkScale(r); err != nil {
				k.refuse("profile", p.Name, p.From, err)
			}
		}
	}
	for _, d := range c.result.Devices {
		k.once("device", d.Name, d.From, devices)
		if err := common.Validate(d.Device); err != nil {
			k.refuse("device", d.Name, d.From, err)
		}
	}
}

// checking knows what the documents at places are called.
type checking struct {
	*converter
	titles map[Place]string
}

func (k *checking) once(kind, name string, from Place, names map[string]bool) {
	if names[name] {
		k.refuse(kind, name, from, fmt.Errorf("there are two of this name"))
	}
	names[name] = true
}

func (k *checking) refuse(kind, name string, from Place, err error) {
	k.findings = append(k.findings, Finding{Severity: Error, Place: from, Document: k.titles[from], Path: kind + " " + name,
		Message: strings.ReplaceAll(err.Error(), "\n", "; ")})
}

// checkScale finds what EdgeX's SDK casts to an integer: a fraction becomes 0,
// which spoils readings, and divides by it on a write.
func checkScale(r dtos.DeviceResource) error {
	if !strings.HasPrefix(r.Properties.ValueType, "Int") && !strings.HasPrefix(r.Properties.ValueType, "Uint") {
		return nil
	}
	for _, f := range []*float64{r.Properties.Scale, r.Properties.Offset, r.Properties.Base} {
		if f != nil && *f != math.Trunc(*f) {
			return fmt.Errorf("resource %q: %v as its scale, offset or base does not go with the integer type %s: it wants valueType Float64 and the attribute rawType", r.Name, *f, r.Properties.ValueType)
		}
	}
	return nil
}
