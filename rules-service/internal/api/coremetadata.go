package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/clients/interfaces"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"

	"sluice/profiles/kubeedge"
)

// CoreMetadata is EdgeX's core-metadata, which has the profiles and devices.
type CoreMetadata struct {
	Profiles interfaces.DeviceProfileClient
	Devices  interfaces.DeviceClient
}

// listTimeout bounds how long core-metadata may take for a page of a list.
const listTimeout = 30 * time.Second

// unlimited asks for as many as core-metadata gives at once.
const unlimited = -1

// check tells whether core-metadata is known.
func (c CoreMetadata) check() error {
	if c.Profiles != nil && c.Devices != nil {
		return nil
	}
	return away(errors.New("its address is missing in the configuration of this service: Clients.core-metadata"))
}

// away is the error of a core-metadata that does not do what it is there for.
func away(err error) error {
	return &located{http.StatusServiceUnavailable, codeConnection, fmt.Errorf("core-metadata: %w", err)}
}

func (c CoreMetadata) profiles(ctx context.Context) ([]dtos.DeviceProfile, error) {
	return allPages(func(offset int) ([]dtos.DeviceProfile, uint32, error) {
		ctx, cancel := context.WithTimeout(ctx, listTimeout)
		defer cancel()
		r, err := c.Profiles.AllDeviceProfiles(ctx, nil, offset, unlimited)
		if err != nil {
			return nil, 0, away(err)
		}
		return r.Profiles, r.TotalCount, nil
	})
}

func (c CoreMetadata) devices(ctx context.Context) ([]dtos.Device, error) {
	return allPages(func(offset int) ([]dtos.Device, uint32, error) {
		ctx, cancel := context.WithTimeout(ctx, listTimeout)
		defer cancel()
		r, err := c.Devices.AllDevices(ctx, nil, offset, unlimited)
		if err != nil {
			return nil, 0, away(err)
		}
		return r.Devices, r.TotalCount, nil
	})
}

// allPages are the pages of a list, one behind the other.
func allPages[T any](page func(offset int) ([]T, uint32, error)) ([]T, error) {
	var all []T
	for {
		list, total, err := page(len(all))
		if err != nil {
			return nil, err
		}
		if all = append(all, list...); len(list) == 0 || len(all) >= int(total) {
			return all, nil
		}
	}
}

// existing is what core-metadata has.
func (c CoreMetadata) existing(ctx context.Context) (have kubeedge.Existing, err error) {
	if err := c.check(); err != nil {
		return have, err
	}
	if have.Profiles, err = c.profiles(ctx); err == nil {
		have.Devices, err = c.devices(ctx)
	}
	return have, err
}
