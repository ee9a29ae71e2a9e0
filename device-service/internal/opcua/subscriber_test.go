package opcua

import (
	"strconv"
	"testing"

	"sluice/device-service/internal/driver"
	"sluice/device-service/internal/drivertest"
	"sluice/tests/servers"
)

func subscriberSuite(t *testing.T, peer *servers.OPCUA) {
	peer.Tell(t, "counters 3")
	drivertest.Subscriptions(t, func(t *testing.T) *drivertest.Pushing {
		r := peerRelay(t, peer)
		count := int32(stepTo(t, peer, 1))
		return &drivertest.Pushing{
			Driver:  newDriver(t, brisk),
			Devices: []driver.Device{fast("one", r.endpoint()), fast("two", r.endpoint())},
			Known: []drivertest.Known{
				{Resource: peerNode("C0", "Int32"), Value: count},
				{Resource: peerNode("C1", "Int64"), Value: int64(count)},
				{Resource: peerNode("Name", "String"), Value: "North"},
				{Resource: peerNode("Curve", "Float32Array"), Value: []float32{1, 2.5, 4}},
			},
			Refused: peerNode("Nothing", "Int32"),
			Change: func() any {
				n, err := strconv.Atoi(peer.Tell(t, "step"))
				if err != nil {
					t.Fatal(err)
				}
				return int32(n)
			},
			Stop:  r.Stop,
			Start: r.Start,
		}
	})
}
