package main

import (
	"fmt"
	"testing"

	"sluice/tests/guide"
)

// TestFromDeviceModbusGuide runs the commands of from-device-modbus.md with the
// profile that it shows.
func TestFromDeviceModbusGuide(t *testing.T) {
	t.Parallel()
	page := guide.Page(t, "device-service/docs/from-device-modbus.md")
	profiles := map[string]string{}
	for _, b := range guide.Blocks(page) {
		if b.File != "" {
			profiles[b.File] = b.Text
		}
	}
	url, _ := servePlant(t, profiles, func(plc int) string {
		return fmt.Sprintf("[{name: meter-1, profileName: Legacy, protocols: {modbus-tcp: {Address: 127.0.0.1, Port: %q, UnitID: \"1\", Timeout: \"5\", IdleTimeout: \"5\"}}}]", fmt.Sprint(plc))
	})
	followGuide(t, newGuide(t, "SLUICE_DEVICE_SERVICE="+url), page, 3)
}
