package edgex

import (
	"fmt"
	"testing"

	sdkmodels "github.com/edgexfoundry/device-sdk-go/v3/pkg/models"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
)

// What the SDK makes a reading of shows what a read would, in every digit.
func TestSetEventsShowWhatIsRead(t *testing.T) {
	mask := uint64(0x0f)
	for _, c := range []struct {
		properties models.ResourceProperties
		raw        any
		want       string
	}{
		{models.ResourceProperties{ValueType: "Float64"}, 12345678.901, "1.2345678901e+07"},
		{models.ResourceProperties{ValueType: "Float32"}, float32(0.1), "0.1"},
		{models.ResourceProperties{ValueType: "Float64", Scale: number(0.1)}, 253.0, "25.3"},
		{models.ResourceProperties{ValueType: "Float32", Scale: number(0.1), Offset: number(-40)}, float32(1255), "85.5"},
		{models.ResourceProperties{ValueType: "Uint16", Scale: number(10), Mask: &mask}, uint16(65), "650"},
		{models.ResourceProperties{ValueType: "Uint8", Scale: number(10)}, uint8(65), "65"}, // that cannot be read
		{models.ResourceProperties{ValueType: "Bool"}, true, "true"},
		{models.ResourceProperties{ValueType: "String"}, "%e", "%e"},
	} {
		v, err := sdkmodels.NewCommandValue("r", c.properties.ValueType, c.raw)
		if err != nil {
			t.Fatal(err)
		}
		present(models.DeviceProfile{DeviceResources: []models.DeviceResource{{Name: "r", Properties: c.properties}}}, []*sdkmodels.CommandValue{v}, true)
		got, err := dtos.NewSimpleReading("p", "d", "r", v.Type, v.Value)
		if err != nil || got.Value != c.want || v.ValueToString() != c.want {
			t.Errorf("%v is shown as %q and %q, %v, want %q", c.raw, got.Value, v.ValueToString(), err, c.want)
		}
	}
	v, err := sdkmodels.NewCommandValue("r", "Float64", 253.0)
	if err != nil {
		t.Fatal(err)
	}
	present(models.DeviceProfile{DeviceResources: []models.DeviceResource{{Name: "r", Properties: models.ResourceProperties{Scale: number(0.1)}}}}, []*sdkmodels.CommandValue{v}, false)
	if got := fmt.Sprint(v.Value); got != "253" {
		t.Errorf("without transforms it is %s", got)
	}
}
