package opcua

import (
	"testing"

	"sluice/device-service/internal/drivertest"
)

// The driver takes every OPC UA device that comes of an import of KubeEdge's.
func TestKubeEdgeDevicesAreTaken(t *testing.T) {
	drivertest.KubeEdge(t, newDriver(t, brisk), 3, Protocol)
}
