package edgex

import (
	"encoding/json"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"

	"sluice/upstream"
)

// lastKnown is what core-metadata knew of this service when it was last heard
// of: all that the SDK asks for when it starts.
type lastKnown struct {
	Service  dtos.DeviceService      `json:"service"`
	Profiles []dtos.DeviceProfile    `json:"profiles"`
	Devices  []dtos.Device           `json:"devices"`
	Watchers []dtos.ProvisionWatcher `json:"provisionWatchers"`
}

// profile finds one by its name.
func (k *lastKnown) profile(name string) (dtos.DeviceProfile, bool) {
	for _, p := range k.Profiles {
		if p.Name == name {
			return p, true
		}
	}
	return dtos.DeviceProfile{}, false
}

// readable drops the devices whose profile is not known: the SDK would not
// start for one of them.
func (k *lastKnown) readable() (dropped []string) {
	var kept []dtos.Device
	for _, d := range k.Devices {
		if _, found := k.profile(d.ProfileName); !found {
			dropped = append(dropped, d.Name)
			continue
		}
		kept = append(kept, d)
	}
	k.Devices = kept
	return dropped
}

// lastKnown is taken from what the system events have told: nobody is asked.
func (b *bridge) lastKnown() lastKnown {
	b.mu.RLock()
	defer b.mu.RUnlock()
	k := lastKnown{Service: b.registry.service()}
	profiles := map[string]bool{}
	for _, name := range names(b.known, nil) {
		d := b.known[name]
		k.Devices = append(k.Devices, dtos.FromDeviceModelToDTO(d.model))
		if d.profile.Name != "" && !profiles[d.profile.Name] {
			profiles[d.profile.Name] = true
			k.Profiles = append(k.Profiles, dtos.FromDeviceProfileModelToDTO(d.profile))
		}
	}
	for _, p := range b.sdk.DeviceProfiles() { // those that no device has: no command writes into them
		if !profiles[p.Name] {
			k.Profiles = append(k.Profiles, dtos.FromDeviceProfileModelToDTO(p))
		}
	}
	for _, w := range b.sdk.ProvisionWatchers() {
		k.Watchers = append(k.Watchers, dtos.FromProvisionWatcherModelToDTO(w))
	}
	return k
}

// settleTime is how long changes are gathered before they are written.
const settleTime = time.Second

// keeper writes the last known state after each change.
type keeper struct {
	b       *bridge
	file    *upstream.File
	changed chan struct{}
	failed  bool   // the last time, which was logged
	watched string // the provision watchers; of their changes nobody tells
}

func newKeeper(b *bridge, file *upstream.File) *keeper {
	return &keeper{b: b, file: file, changed: make(chan struct{}, 1)}
}

// touch tells that a device has changed.
func (k *keeper) touch() {
	if k == nil {
		return
	}
	select {
	case k.changed <- struct{}{}:
	default:
	}
}

// keep writes until the service ends.
func (k *keeper) keep() {
	tick := time.NewTicker(registrationInterval)
	defer tick.Stop()
	for {
		select {
		case <-k.b.ctx.Done():
			return
		case <-tick.C:
			if k.watchersChanged() {
				k.save()
			}
		case <-k.changed:
			settled := time.NewTimer(settleTime)
			select {
			case <-k.b.ctx.Done():
			case <-settled.C:
			}
			settled.Stop()
			k.save()
		}
	}
}

func (k *keeper) watchersChanged() bool {
	text, err := json.Marshal(k.b.sdk.ProvisionWatchers())
	if err != nil || string(text) == k.watched {
		return false
	}
	k.watched = string(text)
	return true
}

func (k *keeper) save() {
	err := k.file.Save(k.b.lastKnown())
	if err != nil && !k.failed {
		k.b.log.Error("the last known devices are not kept: without core-metadata this service will not start", "error", err)
	}
	k.failed = err != nil
}
