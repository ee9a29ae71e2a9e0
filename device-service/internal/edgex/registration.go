package edgex

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	clients "github.com/edgexfoundry/go-mod-core-contracts/v3/clients/http"
	clientinterfaces "github.com/edgexfoundry/go-mod-core-contracts/v3/clients/interfaces"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	dtocommon "github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	contracts "github.com/edgexfoundry/go-mod-core-contracts/v3/errors"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
)

// registrationInterval is how often core-metadata is asked whether it still
// knows the service.
const registrationInterval = 10 * time.Second

// registration keeps core-metadata informed: one that has lost its data, with a
// Redis that kept none, is told again of the service, its profiles, devices and provision watchers.
// The SDK registers only when it starts.
type registration struct {
	b        *bridge
	services clientinterfaces.DeviceServiceClient
	devices  clientinterfaces.DeviceClient
	watchers clientinterfaces.ProvisionWatcherClient
	auth     clientinterfaces.AuthenticationInjector
	away     atomic.Bool   // core-metadata has not answered; changes may have been missed
	left     chan struct{} // tells that it has just gone away
}

func newRegistration(b *bridge, metadata string, auth clientinterfaces.AuthenticationInjector) *registration {
	escape := b.settings.Service.EnableNameFieldEscape
	r := &registration{b: b, services: clients.NewDeviceServiceClient(metadata, auth, escape), devices: clients.NewDeviceClient(metadata, auth, escape),
		watchers: clients.NewProvisionWatcherClient(metadata, auth, escape), auth: auth, left: make(chan struct{}, 1)}
	r.away.Store(b.last.isAway())
	return r
}

// keep asks until the service ends: often while there is something to make up for.
func (r *registration) keep() {
	told := "" // the last failure
	for {
		pause := registrationInterval
		if r.away.Load() {
			pause = askAgain
		}
		select {
		case <-r.b.ctx.Done():
			return
		case <-r.left:
			continue
		case <-time.After(pause):
		}
		failure := ""
		if err := r.check(); err != nil {
			failure = err.Error()
		}
		if failure != "" && failure != told {
			r.b.log.Error("core-metadata is not up to date; it is tried again", "error", failure)
		}
		told = failure
	}
}

// lost notes that core-metadata does not answer.
func (r *registration) lost(err error) {
	if !r.away.Swap(true) {
		r.b.log.Warn("core-metadata is away", "error", err)
		select {
		case r.left <- struct{}{}:
		default:
		}
	}
}

// check registers the service again if core-metadata does not know it. That
// core-metadata does not answer is no such sign; when it answers again, the
// changes of that time are made up for.
func (r *registration) check() error {
	ctx, cancel := context.WithTimeout(r.b.ctx, r.b.settings.requestTimeout())
	defer cancel()
	answer, err := r.services.DeviceServiceByName(ctx, r.b.sdk.Name())
	switch {
	case err == nil && !r.away.Load():
		return r.b.last.repeat(ctx, r.auth) // mostly nothing
	case err == nil:
		return r.makeUp(ctx, answer.Service)
	case contracts.Kind(err) != contracts.KindEntityDoesNotExist:
		r.lost(err)
		return nil
	}
	r.b.log.Warn("core-metadata does not know the service any more; it is registered again, with its profiles and devices")
	r.away.Store(false) // there are no changes to be missed: what is known here holds
	return errors.Join(r.restore(ctx), r.restoreStates(ctx), r.b.last.repeat(ctx, r.auth))
}

// makeUp tells core-metadata what it has missed, and hears what was missed here.
// What cannot be done now is done when it is asked next.
func (r *registration) makeUp(ctx context.Context, service dtos.DeviceService) (err error) {
	r.away.Store(false) // it may go away again meanwhile, with something owed
	defer func() {
		if err != nil {
			r.away.Store(true)
		}
	}()
	fresh := r.b.last.isPending() // the registration that waits sets the admin state
	if err := r.b.last.repeat(ctx, r.auth); err != nil {
		return err
	}
	all, err := r.compare(ctx, r.b.sdk.Name())
	if err != nil {
		return err
	}
	if !fresh {
		all = append(r.compareService(service), all...)
	}
	if err := r.b.tell(all); err != nil {
		return err
	}
	r.b.log.Info("core-metadata is back", "changes", len(all))
	return nil
}

// service is how this one is known to core-metadata.
func (r *registration) service() dtos.DeviceService {
	info := r.b.settings.Service
	return dtos.DeviceService{Name: r.b.sdk.Name(), Labels: r.b.settings.Device.Labels, AdminState: models.Unlocked,
		BaseAddress: "http://" + info.Host + ":" + strconv.Itoa(info.Port)}
}

func (r *registration) restore(ctx context.Context) error {
	service := r.service()
	answers, err := r.services.Add(ctx, []requests.AddDeviceServiceRequest{requests.NewAddDeviceServiceRequest(service)})
	if err := outcome("service", []string{service.Name}, answers, err); err != nil {
		return err // nothing can be added without it
	}
	return errors.Join(r.restoreProfiles(ctx), r.restoreDevices(ctx), r.restoreWatchers(ctx))
}

func (r *registration) restoreProfiles(ctx context.Context) error {
	var all []requests.DeviceProfileRequest
	var names []string
	for _, p := range r.b.sdk.DeviceProfiles() {
		p.Id = ""
		all = append(all, requests.NewDeviceProfileRequest(dtos.FromDeviceProfileModelToDTO(p)))
		names = append(names, p.Name)
	}
	if len(all) == 0 {
		return nil
	}
	answers, err := r.b.profiles.Add(ctx, all)
	return outcome("profile", names, answers, err)
}

// restoreDevices adds the devices with their auto-events, which the SDK's cache
// does not have.
func (r *registration) restoreDevices(ctx context.Context) error {
	r.b.mu.RLock()
	known := maps.Clone(r.b.known)
	r.b.mu.RUnlock()
	var all []requests.AddDeviceRequest
	names := slices.Sorted(maps.Keys(known))
	for _, name := range names {
		d := known[name].model
		d.Id = ""
		all = append(all, requests.NewAddDeviceRequest(dtos.FromDeviceModelToDTO(d)))
	}
	if len(all) == 0 {
		return nil
	}
	answers, err := r.devices.Add(ctx, all)
	return outcome("device", names, answers, err)
}

// restoreStates settles the operating states of the devices that were added: the
// SDK does not hear that they are there again.
func (r *registration) restoreStates(ctx context.Context) error {
	name, cached := r.b.sdk.Name(), r.b.sdk.Devices()
	answer, err := r.devices.DevicesByServiceName(ctx, name, 0, -1)
	if err != nil {
		return fmt.Errorf("devices: %w", err)
	}
	before := slices.Clone(answer.Devices)
	if err := r.settle(before, answer.Devices, cached); err != nil {
		return fmt.Errorf("operating states: %w", err)
	}
	return r.b.tell(compareDevices(before, answer.Devices, name))
}

func (r *registration) restoreWatchers(ctx context.Context) error {
	var all []requests.AddProvisionWatcherRequest
	var names []string
	for _, w := range r.b.sdk.ProvisionWatchers() {
		w.Id = ""
		all = append(all, requests.NewAddProvisionWatcherRequest(dtos.FromProvisionWatcherModelToDTO(w)))
		names = append(names, w.Name)
	}
	if len(all) == 0 {
		return nil
	}
	answers, err := r.watchers.Add(ctx, all)
	return outcome("provision watcher", names, answers, err)
}

// outcome tells what core-metadata has not taken.
func outcome(what string, names []string, answers []dtocommon.BaseWithIdResponse, err error) error {
	if err != nil {
		return fmt.Errorf("add %ss: %w", what, err)
	}
	var failed []error
	for i, a := range answers {
		if a.StatusCode >= 300 && a.StatusCode != 409 && i < len(names) { // 409: it was there
			failed = append(failed, fmt.Errorf("add %s %q: %s", what, names[i], a.Message))
		}
	}
	return errors.Join(failed...)
}
