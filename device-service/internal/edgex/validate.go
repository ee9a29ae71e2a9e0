package edgex

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	contracts "github.com/edgexfoundry/go-mod-core-contracts/v3/errors"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"

	"sluice/device-service/internal/driver"
	"sluice/device-service/internal/schedule"
)

// ValidateDevice refuses a device that could not be served, with all that is
// wrong about it. core-metadata asks before it stores a new or changed device.
func (b *bridge) ValidateDevice(d models.Device) error {
	if err := b.await(); err != nil {
		return err
	}
	p, err := b.profile(d.ProfileName)
	if contracts.Kind(err) == contracts.KindEntityDoesNotExist {
		return fmt.Errorf("device %q: profile %q is not known to core-metadata", d.Name, d.ProfileName)
	}
	if err != nil {
		return fmt.Errorf("profile %q: %w", d.ProfileName, err)
	}
	findings := checkProfile(p)
	if !b.settings.Service.EnableNameFieldEscape {
		findings = append(findings, checkName(d.Name)...)
	}
	resources := make([]driver.Resource, len(p.DeviceResources))
	for i, r := range p.DeviceResources {
		resources[i] = toResource(r)
	}
	if err := b.drv.Validate(toDevice(d), realOf(resources)); err != nil {
		findings = append(findings, err)
	}
	findings = append(findings, checkAutoEvents(p, d.AutoEvents)...)
	if len(findings) == 0 {
		return nil
	}
	// One line: it goes through two JSON texts before somebody reads it.
	text := errors.Join(findings...).Error()
	return fmt.Errorf("device %q: %s", d.Name, strings.ReplaceAll(text, "\n", "; "))
}

// profile comes from the SDK's cache, else from core-metadata: the profile of
// a first device is in no cache yet.
func (b *bridge) profile(name string) (models.DeviceProfile, error) {
	for _, p := range b.sdk.DeviceProfiles() {
		if p.Name == name {
			return p, nil
		}
	}
	ctx, cancel := context.WithTimeout(b.ctx, b.settings.requestTimeout())
	defer cancel()
	res, err := b.profiles.DeviceProfileByName(ctx, name)
	if err != nil {
		return models.DeviceProfile{}, err
	}
	return dtos.ToDeviceProfileModel(res.Profile), nil
}

// checkName finds what would tear apart the topics that the name of a device
// is a level of.
func checkName(name string) []error {
	i := strings.IndexAny(name, "+#/\x00")
	if i < 0 {
		return nil
	}
	return []error{fmt.Errorf("the name has the character %q, which has a meaning of its own in the topics of the message bus; %s", name[i], remedy)}
}

// checkProfile finds properties that the SDK cannot handle. It divides a set
// value by the scale cast to an integer: a fractional scale is a division by
// zero, which ends the whole process.
func checkProfile(p models.DeviceProfile) []error {
	var findings []error
	for _, r := range p.DeviceResources {
		for _, f := range []struct {
			name  string
			value *float64
		}{{"scale", r.Properties.Scale}, {"offset", r.Properties.Offset}, {"base", r.Properties.Base}} {
			if f.value == nil {
				continue
			}
			if math.IsNaN(*f.value) || math.IsInf(*f.value, 0) {
				findings = append(findings, fmt.Errorf("resource %q: %s %v is not a number", r.Name, f.name, *f.value))
				continue
			}
			if isInteger(r.Properties.ValueType) && *f.value != math.Trunc(*f.value) {
				findings = append(findings, fmt.Errorf("resource %q: %s %v does not go with the integer type %s: set valueType to Float64 and give the type of the register in the attribute rawType",
					r.Name, f.name, *f.value, r.Properties.ValueType))
			}
		}
		findings = append(findings, checkVirtual(r)...)
		if r.Properties.Scale != nil && *r.Properties.Scale == 0 {
			findings = append(findings, fmt.Errorf("resource %q: scale 0 leaves nothing of the value; leave it out for no scale", r.Name))
		}
	}
	return findings
}

func isInteger(valueType string) bool {
	switch valueType {
	case "Int8", "Int16", "Int32", "Int64", "Uint8", "Uint16", "Uint32", "Uint64":
		return true
	}
	return false
}

func checkAutoEvents(p models.DeviceProfile, events []models.AutoEvent) []error {
	var findings []error
	for _, a := range events {
		if _, err := schedule.ParseInterval(a.Interval); err != nil {
			findings = append(findings, fmt.Errorf("auto-event %q: %w", a.SourceName, err))
		}
		if _, err := newSource(p, a.SourceName); err != nil {
			findings = append(findings, fmt.Errorf("auto-event %q: %w", a.SourceName, err))
		}
	}
	return findings
}
