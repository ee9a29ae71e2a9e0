package edgex

import (
	"errors"

	sdkmodels "github.com/edgexfoundry/device-sdk-go/v3/pkg/models"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"

	"sluice/device-service/internal/driver"
)

// Discover looks for devices, and gives each to the SDK, which adds those that
// a provision watcher wants. The SDK calls it at the interval of Device.Discovery
// and on request, one call at a time. It ends with the service.
func (b *bridge) Discover() error {
	if err := b.await(); err != nil {
		return err
	}
	d, ok := b.drv.(driver.Discoverer)
	if !ok {
		return errors.New("this service has no discovery; set Device.Discovery.Enabled to false")
	}
	b.change.Lock()
	locked := b.locked
	b.change.Unlock()
	if locked {
		return nil
	}
	wanted := b.sdk.DiscoveredDeviceChannel()
	count := 0
	err := d.Discover(b.ctx, func(f driver.Discovered) {
		count++
		select {
		case wanted <- []sdkmodels.DiscoveredDevice{discovered(f)}:
		case <-b.ctx.Done():
		}
	})
	select {
	case <-b.ctx.Done():
		return nil // the service ends
	default:
		b.log.Info("discovery is done", "found", count)
		return err
	}
}

func discovered(f driver.Discovered) sdkmodels.DiscoveredDevice {
	out := sdkmodels.DiscoveredDevice{Name: f.Name, Description: f.Description, Protocols: protocols{}}
	for name, properties := range f.Protocols {
		out.Protocols[name] = models.ProtocolProperties(properties)
	}
	return out
}
