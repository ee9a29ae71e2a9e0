package edgex

import (
	"fmt"

	sdkmodels "github.com/edgexfoundry/device-sdk-go/v3/pkg/models"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
)

// present makes of what was written what a read shows. The SDK makes an event
// of it after a set command: by itself one of the raw value, and with 7 digits
// of a float.
func present(p models.DeviceProfile, written []*sdkmodels.CommandValue, transforms bool) {
	for _, v := range written {
		r, found := resourceOf(p, v.DeviceResourceName)
		if !found {
			continue
		}
		properties := r.Properties
		properties.Mask, properties.Shift = nil, nil // which are not taken out of what is written
		if given, err := newTransform(properties).apply(v.Value); transforms && err == nil {
			v.Value = given
		}
		v.Value = exactly(v.Value)
	}
}

// exactly gives a float its shortest exact form, however it is printed.
func exactly(v any) any {
	switch f := v.(type) {
	case float32:
		return exact32(f)
	case float64:
		return exact64(f)
	}
	return v
}

type (
	exact32 float32
	exact64 float64
)

// Format writes the float, whatever the verb.
func (f exact32) Format(s fmt.State, _ rune) { _, _ = s.Write(appendScalar(nil, float32(f))) }

// Format writes the float, whatever the verb.
func (f exact64) Format(s fmt.State, _ rune) { _, _ = s.Write(appendScalar(nil, float64(f))) }
