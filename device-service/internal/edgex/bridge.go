package edgex

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/edgexfoundry/device-sdk-go/v3/pkg/interfaces"
	bootinterfaces "github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/interfaces"
	"github.com/edgexfoundry/go-mod-bootstrap/v3/bootstrap/secret"
	clients "github.com/edgexfoundry/go-mod-core-contracts/v3/clients/http"
	clientinterfaces "github.com/edgexfoundry/go-mod-core-contracts/v3/clients/interfaces"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
	"github.com/edgexfoundry/go-mod-messaging/v3/messaging"

	"sluice/device-service/internal/driver"
	"sluice/device-service/internal/schedule"
)

// bridge makes a driver.Driver the SDK's interfaces.ProtocolDriver. The SDK
// keeps the life cycle, REST, commands, validation and system events; the
// auto-events and their way to the bus are ours.
type bridge struct {
	newDriver func(Env) driver.Driver
	ctx       context.Context // ends all reads and writes
	cancel    context.CancelFunc
	begun     chan struct{} // closed when the SDK has all that it needs to start
	ready     chan struct{} // closed when all fields below are set
	started   func()        // called once the SDK has started
	baseName  string        // of the service, without an instance
	last      *standIn      // has answered for core-metadata; nil: nothing was known
	keeper    *keeper       // writes the last known state; nil: nobody does

	sdk       interfaces.DeviceServiceSDK
	log       *slog.Logger
	settings  *settings
	units     atomic.Bool // readings carry their units
	profiles  clientinterfaces.DeviceProfileClient
	registry  *registration
	returnBus func() (bus, error) // for what is told when core-metadata returns
	drv       driver.Driver
	faults    *faults
	autoDown  *autoDown
	scheduler *schedule.Scheduler
	publisher *publisher
	virtuals  *virtuals
	twins     *twins             // nil: KubeEdge is not told of anything
	end       context.CancelFunc // ends the publisher at once
	states    bool               // the driver tells by itself how its devices are
	gaps      atomic.Uint64      // readings before which changes may be missing

	kept   sync.WaitGroup // the keeper
	change sync.Mutex     // one change of a device at a time
	locked bool           // the service as a whole; guarded by change
	mu     sync.RWMutex
	known  map[string]*device
}

func newBridge(newDriver func(Env) driver.Driver, started func()) *bridge {
	ctx, cancel := context.WithCancel(context.Background())
	return &bridge{
		newDriver: newDriver, ctx: ctx, cancel: cancel,
		begun: make(chan struct{}), ready: make(chan struct{}), started: started, known: make(map[string]*device),
	}
}

// Initialize takes over the devices that core-metadata knows already: the SDK
// calls AddDevice only for those that come later.
func (b *bridge) Initialize(sdk interfaces.DeviceServiceSDK) error {
	close(b.begun)
	emptyPools()
	b.sdk, b.log = sdk, newLogger(sdk.LoggingClient())
	secrets, ok := sdk.SecretProvider().(bootinterfaces.SecretProviderExt)
	if !ok {
		return fmt.Errorf("the SDK's secret provider is a %T", sdk.SecretProvider())
	}
	var err error
	updated := make(chan struct{})
	if b.settings, err = loadSettings(sdk, secrets, updated); err != nil {
		return err
	}
	b.units.Store(b.settings.Writable.Reading.ReadingUnits)
	go b.follow(updated)
	metadata, ok := b.settings.Clients[common.CoreMetaDataServiceKey]
	if !ok {
		return fmt.Errorf("the configuration has no client %q; add it to the common configuration", common.CoreMetaDataServiceKey)
	}
	auth := secret.NewJWTSecretProvider(secrets)
	b.profiles = clients.NewDeviceProfileClient(metadata.Url(), auth, b.settings.Service.EnableNameFieldEscape)
	b.registry = newRegistration(b, metadata.Url(), auth)
	if err := b.startPublisher(secrets); err != nil {
		return err
	}
	b.faults = newFaults(b.log)
	if err := b.startAutoDown(); err != nil {
		return err
	}
	if b.virtuals, err = openVirtuals(b.dataDir(), b.log); err != nil {
		return err
	}
	if err := b.startTwins(); err != nil {
		return err
	}
	b.startDriver()
	b.scheduler = schedule.New(reader{b})
	b.takeOver()
	if err := b.addRoutes(); err != nil {
		return err
	}
	close(b.ready)
	return nil
}

// emptyPools lets the SDK's web server forget requests that came before its
// routes: echo keeps their contexts, which have no room for the parameters of
// the routes, and panics when a later request gets one of them. A sync.Pool is
// empty after two collections.
func emptyPools() {
	runtime.GC()
	runtime.GC()
}

// follow keeps up with changes of the configuration at run time.
func (b *bridge) follow(updated <-chan struct{}) {
	for {
		select {
		case <-b.ctx.Done():
			return
		case <-updated:
			b.units.Store(b.settings.Writable.Reading.ReadingUnits)
		}
	}
}

func (b *bridge) startPublisher(secrets bootinterfaces.SecretProviderExt) error {
	b.returnBus = func() (bus, error) { return b.settings.newBus(secrets, "return") }
	client, err := b.settings.newBus(secrets, "events")
	if err != nil {
		return err
	}
	topic := eventTopic(b.settings.MessageBus.GetBaseTopicPrefix(), b.sdk.Name(), b.settings.Service.EnableNameFieldEscape)
	b.publisher = newPublisher(client, b.log, topic, b.settings.MaxEventSize*1024, func(readings int) { countSent(b.sdk, readings) })
	b.publisher.join = b.watchService(client)
	b.publisher.lasting = b.settings.MessageBus.Type != messaging.MQTT
	if !b.publisher.lasting {
		b.publisher.confirm = b.publisher.join
	}
	var ctx context.Context
	ctx, b.end = context.WithCancel(context.Background())
	go b.publisher.run(ctx)
	return nil
}

// startAutoDown reads Driver.AutoDown, such as "1m".
func (b *bridge) startAutoDown() error {
	var after time.Duration
	if text := b.sdk.DriverConfigs()["AutoDown"]; text != "" {
		var err error
		if after, err = time.ParseDuration(text); err != nil || after < 0 {
			return fmt.Errorf("Driver.AutoDown: %q is no duration such as \"1m\"", text)
		}
	}
	b.autoDown = newAutoDown(after, b.sdk.UpdateDeviceOperatingState, b.untold)
	return nil
}

// defaultDataDir is where values are kept that have to survive the process.
const defaultDataDir = "./data"

// dataDir is that of this service: others may have the same folder.
func (b *bridge) dataDir() string {
	return filepath.Join(cmp.Or(b.sdk.DriverConfigs()["DataDir"], defaultDataDir), b.sdk.Name())
}

// secret is one value of the secret store.
func (b *bridge) secret(name, key string) (string, error) {
	values, err := b.sdk.SecretProvider().GetSecret(name, key)
	return values[key], err
}

func (b *bridge) startDriver() {
	b.drv = b.newDriver(Env{Log: b.log, Config: b.sdk.DriverConfigs(), Secret: b.secret, Section: b.section, Watch: b.watchSection})
	if s, ok := b.drv.(driver.States); ok {
		b.states = true
		s.OnState(func(device string, state driver.State) {
			b.autoDown.turned(device, state.Up)
			b.faults.turned(device, state.Err)
			if state.Up {
				b.log.Info("device is up", "device", device)
				return
			}
			b.log.Warn("device is down", "device", device, "error", state.Err)
		})
	}
}

// takeOver adds the devices known at start. One that cannot be added is logged
// and left out: the others have to run.
func (b *bridge) takeOver() {
	b.change.Lock()
	defer b.change.Unlock()
	for _, d := range b.sdk.Devices() {
		if d.OperatingState == models.Down {
			b.autoDown.found(d.Name)
		}
		if err := b.apply(d.Name); err != nil {
			b.log.Error("device is not served", "device", d.Name, "error", err)
		}
	}
}

// Start is called once the service runs.
func (b *bridge) Start() error {
	b.started()
	go b.registry.keep()
	if b.keeper != nil {
		b.keeper.touch()
		b.kept.Go(b.keeper.keep)
	}
	if err := registerGaps(b.sdk, b.gaps.Load); err != nil {
		return err
	}
	if err := b.twins.registerMetrics(b.sdk); err != nil {
		return err
	}
	return registerMetrics(b.sdk, b.publisher.droppedEvents, b.scheduler.Missed, b.faults.failures)
}

// Stop ends the schedules, sends what is queued and closes the driver. The SDK
// also calls it when Initialize never was.
func (b *bridge) Stop(bool) error {
	b.cancel()
	b.kept.Wait()
	select {
	case <-b.ready:
	default:
		return nil
	}
	b.scheduler.Close()
	b.autoDown.close()
	b.twins.close()
	late := time.AfterFunc(lastWords, b.end)
	defer late.Stop()
	b.publisher.close()
	if err := b.drv.Close(); err != nil {
		return fmt.Errorf("close driver: %w", err)
	}
	return nil
}

// lastWords is how long Stop goes on sending events.
const lastWords = 3 * time.Second

// await waits until Initialize is done: the SDK handles system events and
// validation requests from before that.
func (b *bridge) await() error {
	select {
	case <-b.ready:
		return nil
	case <-b.ctx.Done():
		return b.ctx.Err()
	}
}
