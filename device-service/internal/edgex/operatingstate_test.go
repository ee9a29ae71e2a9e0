package edgex

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/edgexfoundry/device-sdk-go/v3/pkg/interfaces"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
)

// downSDK is an SDK whose cache has D as DOWN, as nothing tells it otherwise.
type downSDK struct {
	interfaces.DeviceServiceSDK
}

func (downSDK) Name() string                                 { return "s" }
func (downSDK) DeviceProfiles() []models.DeviceProfile       { return nil }
func (downSDK) ProvisionWatchers() []models.ProvisionWatcher { return nil }
func (downSDK) Devices() []models.Device {
	return []models.Device{{Name: "D", OperatingState: models.Down}}
}

// What the SDK has missed is a change until it has heard of it: the bus may be
// away when core-metadata has taken the state.
func TestSettledStateIsToldAgain(t *testing.T) {
	there := models.OperatingState(models.Down)
	r := &registration{b: &bridge{sdk: downSDK{}}}
	r.b.autoDown = newAutoDown(time.Minute, func(_ string, state models.OperatingState) error {
		there = state
		return nil
	}, nil)
	for range 2 {
		known := []dtos.Device{{Name: "D", OperatingState: models.Up}} // it is read again
		now := []dtos.Device{{Name: "D", OperatingState: string(there)}}
		if err := r.settle(known, now, r.b.sdk.Devices()); err != nil {
			t.Fatal(err)
		}
		if all := compareDevices(known, now, "s"); there != models.Up || len(all) != 1 {
			t.Errorf("%s in core-metadata, and %d changes", there, len(all))
		}
	}
}

// A state that core-metadata has not taken while it is told of others is owed
// as one before.
func TestLostWhileMakingUp(t *testing.T) {
	b := &bridge{sdk: downSDK{}, settings: &settings{}, autoDown: newAutoDown(0, nil, nil), log: slog.New(slog.DiscardHandler)}
	lose := func() {}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		lose()
		reply(w, 200, map[string]any{"apiVersion": "v3", "statusCode": 200})
	}))
	defer s.Close()
	b.ctx = t.Context()
	b.registry = newRegistration(b, s.URL, nil)
	b.registry.away.Store(true)
	lose = func() { b.registry.lost(errors.New("no answer")) }
	if err := b.registry.makeUp(t.Context(), dtos.DeviceService{}); err != nil || !b.registry.away.Load() {
		t.Errorf("%v, away %v", err, b.registry.away.Load())
	}
	lose = func() {}
	if err := b.registry.makeUp(t.Context(), dtos.DeviceService{}); err != nil || b.registry.away.Load() {
		t.Errorf("%v, away %v", err, b.registry.away.Load())
	}
}
