package edgex

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"
)

// watchService returns the function that subscribes to changes of the device
// service itself: while it is LOCKED there are no events. The SDK refuses its
// own reads then, but tells the driver nothing. To subscribe anew changes
// nothing, but the answer tells that the bus has handled all before it.
func (b *bridge) watchService(client bus) func() error {
	messages, failed := make(chan types.MessageEnvelope, 1), make(chan error, 1)
	escape := b.settings.Service.EnableNameFieldEscape
	topic := common.NewPathBuilder().EnableNameFieldEscape(escape).
		SetPath(b.settings.MessageBus.GetBaseTopicPrefix()).SetPath(common.SystemEventPublishTopic).SetPath(common.CoreMetaDataServiceKey).
		SetPath(common.DeviceServiceSystemEventType).SetPath(common.SystemEventActionUpdate).SetNameFieldPath(b.sdk.Name()).SetPath("#").
		BuildPath()
	go func() {
		for {
			select {
			case <-b.ctx.Done():
				return
			case err := <-failed:
				b.log.Debug("changes of the service are not received", "error", err)
			case m := <-messages:
				if err := b.serviceChanged(m.Payload); err != nil {
					b.log.Error("change of the service is ignored", "error", err)
				}
			}
		}
	}()
	return func() error {
		if err := client.Subscribe([]types.TopicChannel{{Topic: topic, Messages: messages}}, failed); err != nil {
			return fmt.Errorf("subscribe to %s: %w", topic, err)
		}
		return nil
	}
}

// serviceChanged ends or starts all schedules when the service is locked or unlocked.
func (b *bridge) serviceChanged(payload []byte) error {
	var e dtos.SystemEvent
	if err := json.Unmarshal(payload, &e); err != nil {
		return fmt.Errorf("system event: %w", err)
	}
	var s dtos.DeviceService
	if err := e.DecodeDetails(&s); err != nil {
		return fmt.Errorf("system event: %w", err)
	}
	if err := b.await(); err != nil || s.Name != b.sdk.Name() {
		return err
	}
	b.change.Lock()
	defer b.change.Unlock()
	var failed []error
	if locked := s.AdminState == models.Locked; locked != b.locked {
		b.locked = locked
		b.log.Info("service has a new admin state", "state", s.AdminState)
		for name, d := range b.known { // written under change alone
			b.scheduler.Set(name, b.events(d))
			failed = append(failed, b.subscribe(d))
		}
	}
	return errors.Join(failed...)
}
