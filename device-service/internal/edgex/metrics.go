package edgex

import (
	"fmt"
	"time"

	"github.com/edgexfoundry/device-sdk-go/v3/pkg/interfaces"
	gometrics "github.com/rcrowley/go-metrics"
)

// Names of the metrics that the SDK registers: our own events count in them, too.
const (
	metricEventsSent    = "EventsSent"
	metricReadingsSent  = "ReadingsSent"
	metricLastConnected = "LastConnected-" // and the name of the device
	// metricState is ours: 2 up, 1 degraded, 0 down.
	metricState = "DeviceState-"
)

// countSent adds one event to the SDK's own counters.
func countSent(sdk interfaces.DeviceServiceSDK, readings int) {
	m := sdk.MetricsManager()
	if c := m.GetCounter(metricEventsSent); c != nil {
		c.Inc(1)
	}
	if c := m.GetCounter(metricReadingsSent); c != nil {
		c.Inc(int64(readings))
	}
}

// touch notes that a device has answered just now.
func touch(sdk interfaces.DeviceServiceSDK, device string) {
	if g := sdk.MetricsManager().GetGauge(metricLastConnected + device); g != nil {
		g.Update(time.Now().UnixNano())
	}
}

// lastTouched is when a device last answered, in nanoseconds since 1970; 0: never.
func lastTouched(sdk interfaces.DeviceServiceSDK, device string) int64 {
	if g := sdk.MetricsManager().GetGauge(metricLastConnected + device); g != nil {
		return g.Value()
	}
	return 0
}

// registerMetrics adds what the SDK does not count: events dropped because the
// bus was away or refused them, reads skipped because a device was too slow, and
// values that could not be read.
func registerMetrics(sdk interfaces.DeviceServiceSDK, dropped, missed, failed func() uint64) error {
	for name, value := range map[string]func() uint64{"EventsDropped": dropped, "TicksMissed": missed, "ReadingsFailed": failed} {
		gauge := gometrics.NewFunctionalGauge(func() int64 { return int64(value()) })
		if err := sdk.MetricsManager().Register(name, gauge, nil); err != nil {
			return fmt.Errorf("register metric %s: %w", name, err)
		}
	}
	return nil
}

// registerState adds the metric of how a device is.
func registerState(sdk interfaces.DeviceServiceSDK, device string, state func(device string) int64) {
	gauge := gometrics.NewFunctionalGauge(func() int64 { return state(device) })
	if err := sdk.MetricsManager().Register(metricState+device, gauge, map[string]string{"device": device}); err != nil {
		sdk.LoggingClient().Warnf("metric of device %s: %v", device, err)
	}
}

func unregisterState(sdk interfaces.DeviceServiceSDK, device string) {
	sdk.MetricsManager().Unregister(metricState + device)
}
