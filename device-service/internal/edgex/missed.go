package edgex

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"
	"github.com/google/uuid"
)

// missed is a system event that this service has not heard, because it or the
// bus was cut off from core-metadata.
type missed struct {
	kind, action, owner, profile string
	details                      any
}

// compare finds what has changed in core-metadata: what is known here is what
// its system events have told so far. Profiles come first, as devices are read
// by them. What is known is taken first: a device that comes meanwhile must not
// look like one that has gone.
func (r *registration) compare(ctx context.Context, name string) ([]missed, error) {
	known, cached := r.b.lastKnown(), r.b.sdk.Devices()
	answer, err := r.devices.DevicesByServiceName(ctx, name, 0, -1)
	if err != nil {
		return nil, fmt.Errorf("devices: %w", err)
	}
	if err := r.settle(known.Devices, answer.Devices, cached); err != nil {
		return nil, fmt.Errorf("operating states: %w", err)
	}
	watchers, err := r.watchers.ProvisionWatchersByServiceName(ctx, r.b.baseName, 0, -1)
	if err != nil {
		return nil, fmt.Errorf("provision watchers: %w", err)
	}
	all, failed := r.compareProfiles(ctx, known, answer.Devices)
	if failed != nil {
		return nil, failed
	}
	all = append(all, compareDevices(known.Devices, answer.Devices, name)...)
	return append(all, compareWatchers(known.Watchers, watchers.ProvisionWatchers)...), nil
}

// compareProfiles looks at the profiles of the devices that are there and stay.
// Those of others are read when the SDK takes the device.
func (r *registration) compareProfiles(ctx context.Context, known lastKnown, now []dtos.Device) ([]missed, error) {
	var all []missed
	seen := map[string]bool{}
	for _, d := range now {
		before, found := known.profile(d.ProfileName)
		if !found || seen[d.ProfileName] {
			continue
		}
		seen[d.ProfileName] = true
		answer, err := r.b.profiles.DeviceProfileByName(ctx, d.ProfileName)
		if err != nil {
			return nil, fmt.Errorf("profile %q: %w", d.ProfileName, err)
		}
		if !sameDTO(plainProfile(before), plainProfile(answer.Profile)) {
			all = append(all, missed{common.DeviceProfileSystemEventType, common.SystemEventActionUpdate, r.b.sdk.Name(), d.ProfileName, answer.Profile})
		}
	}
	return all, nil
}

// compareDevices makes an update of what is new, too: the SDK adds a device of
// which it hears so, and one that it has added meanwhile does no harm.
func compareDevices(known, now []dtos.Device, owner string) (all []missed) {
	before := map[string]dtos.Device{}
	for _, d := range known {
		before[d.Name] = d
	}
	for _, d := range now {
		old, found := before[d.Name]
		delete(before, d.Name)
		if !found || !sameDTO(plainDevice(old), plainDevice(d)) {
			all = append(all, missed{common.DeviceSystemEventType, common.SystemEventActionUpdate, owner, d.ProfileName, d})
		}
	}
	for _, name := range names(before, nil) {
		d := before[name]
		all = append(all, missed{common.DeviceSystemEventType, common.SystemEventActionDelete, owner, d.ProfileName, d})
	}
	return all
}

func compareWatchers(known, now []dtos.ProvisionWatcher) (all []missed) {
	before := map[string]dtos.ProvisionWatcher{}
	for _, w := range known {
		before[w.Name] = w
	}
	for _, w := range now {
		old, found := before[w.Name]
		delete(before, w.Name)
		if !found || !sameDTO(plainWatcher(old), plainWatcher(w)) {
			all = append(all, missed{common.ProvisionWatcherSystemEventType, common.SystemEventActionUpdate, w.ServiceName, "", w})
		}
	}
	for _, name := range names(before, nil) {
		w := before[name]
		all = append(all, missed{common.ProvisionWatcherSystemEventType, common.SystemEventActionDelete, w.ServiceName, "", w})
	}
	return all
}

// compareService finds a change of the admin state of the service as a whole.
func (r *registration) compareService(s dtos.DeviceService) []missed {
	r.b.change.Lock()
	defer r.b.change.Unlock()
	if (s.AdminState == models.Locked) == r.b.locked {
		return nil
	}
	return []missed{{common.DeviceServiceSystemEventType, common.SystemEventActionUpdate, s.Name, "", s}}
}

// tell gives the events to the SDK in the one way that it has: on the bus, as
// core-metadata sent them when nobody listened. The tag says who repeats them.
func (b *bridge) tell(all []missed) (err error) {
	if len(all) == 0 {
		return nil
	}
	client, err := b.returnBus()
	if err != nil {
		return err
	}
	if err := client.Connect(); err != nil {
		return fmt.Errorf("message bus: %w", err)
	}
	defer func() { err = errors.Join(err, client.Disconnect()) }()
	for _, m := range all {
		if err := client.Publish(m.envelope(b.sdk.Name()), b.topicOf(m)); err != nil {
			return fmt.Errorf("message bus: %w", err)
		}
	}
	return nil
}

func (m missed) envelope(service string) types.MessageEnvelope {
	event := dtos.NewSystemEvent(m.kind, m.action, common.CoreMetaDataServiceKey, m.owner, map[string]string{"repeatedBy": service}, m.details)
	payload, _ := json.Marshal(event) // EdgeX's own types always encode
	envelope := types.NewMessageEnvelope(payload, context.Background())
	envelope.CorrelationID, envelope.ContentType = uuid.NewString(), common.ContentTypeJSON
	return envelope
}

func (b *bridge) topicOf(m missed) string {
	path := common.NewPathBuilder().EnableNameFieldEscape(b.settings.Service.EnableNameFieldEscape).
		SetPath(b.settings.MessageBus.GetBaseTopicPrefix()).SetPath(common.SystemEventPublishTopic).SetPath(common.CoreMetaDataServiceKey).
		SetPath(m.kind).SetPath(m.action).SetNameFieldPath(m.owner)
	if m.profile != "" {
		path = path.SetNameFieldPath(m.profile)
	}
	return path.BuildPath()
}

// sameDTO compares what core-metadata has with what is known, apart from the
// marks that it makes by itself.
func sameDTO(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

func plainDevice(d dtos.Device) dtos.Device {
	d.Id, d.DBTimestamp = "", dtos.DBTimestamp{}
	return d
}

func plainProfile(p dtos.DeviceProfile) dtos.DeviceProfile {
	p.Id, p.DBTimestamp = "", dtos.DBTimestamp{}
	return p
}

func plainWatcher(w dtos.ProvisionWatcher) dtos.ProvisionWatcher {
	w.Id, w.DBTimestamp = "", dtos.DBTimestamp{}
	return w
}
