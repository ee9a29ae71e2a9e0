// Package opcua is the driver of OPC UA servers: it reads and writes nodes of
// their address spaces, many in one request.
package opcua

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/gopcua/opcua/ua"

	"sluice/device-service/internal/driver"
)

// errUnused is why a connection ends with its last device.
var errUnused = errors.New("no device uses it any more")

// Options are the timings of a driver; zero fields get their defaults.
type Options struct {
	// Timeout bounds a connect and an answer of devices that have no Timeout
	// of their own: 5 s.
	Timeout time.Duration
	// RetryMin is the pause after the first failed connect, which doubles
	// with each further one up to RetryMax: 500 ms and 2 s.
	RetryMin, RetryMax time.Duration
	// KeepAlive is how often an idle server is asked for a sign of life: 10 s.
	KeepAlive time.Duration
	// PKI are the certificates, and Secret knows the secrets, of devices with a
	// Policy or an Authentication.
	PKI    *PKI
	Secret Secret
	// RetryRefused is how long a node or a subscription that a server refused
	// rests before it is asked for again: 1 min.
	RetryRefused time.Duration
	// Log gets a line for each subscription that is lost; without one nobody does.
	Log *slog.Logger
	// Defaults are what devices have that do not say otherwise.
	Defaults Defaults
	// Config says whom to ask for servers: the keys that begin with Discovery.
	Config map[string]string
}

// ApplicationURI is how the service calls itself; its certificate has it.
const ApplicationURI = "urn:sluice:device-opcua"

func (o Options) withDefaults() Options {
	return Options{
		Timeout:   cmp.Or(o.Timeout, 5*time.Second),
		RetryMin:  cmp.Or(o.RetryMin, 500*time.Millisecond),
		RetryMax:  cmp.Or(o.RetryMax, 2*time.Second),
		KeepAlive: cmp.Or(o.KeepAlive, 10*time.Second),
		PKI:       cmp.Or(o.PKI, NewPKI("pki", ApplicationURI)),
		Secret:    o.Secret,

		RetryRefused: cmp.Or(o.RetryRefused, time.Minute),
		Log:          cmp.Or(o.Log, slog.New(slog.DiscardHandler)),
		Defaults:     o.Defaults,
		Config:       o.Config,
	}
}

// Driver reads and writes OPC UA nodes. Devices with the same endpoint share
// one connection.
type Driver struct {
	options Options

	mu       sync.RWMutex
	closed   bool
	defaults Defaults
	onState  func(device string, s driver.State)
	devices  map[string]*device
	links    map[target]*link
	running  sync.WaitGroup
	browser  *browser
}

// device is what the driver knows of one device.
type device struct {
	link  *link
	nodes map[string]nodeRef // by the text of their attribute

	given     driver.Device // as it was added, with
	resources []driver.Resource

	monitoring monitoring // what it subscribes to
	subscribed bool       // somebody wants that
	out        *outlet    // since then
	missed     *missed
}

// New returns a driver without devices.
func New(o Options) *Driver {
	takeLongArrays()
	d := &Driver{
		options:  o.withDefaults(),
		defaults: o.Defaults,
		devices:  map[string]*device{},
		links:    map[target]*link{},
	}
	d.browser = newBrowser(d)
	return d
}

// OnState sets the function that is told each change of a device's state. It
// is called by the goroutine that keeps the server connected, so it must not
// wait for the driver.
func (d *Driver) OnState(f func(device string, s driver.State)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.onState = f
}

// Validate checks a device and the attributes of its resources without contact.
// What others say about its subscription is no fault of the device.
func (d *Driver) Validate(dev driver.Device, resources []driver.Resource) error {
	_, unwatched := parseMonitoring(dev, resources)
	_, err := parseTarget(d.complete(dev), d.options.Timeout)
	findings := []error{err, unwatched}
	for _, r := range resources {
		findings = append(findings, checkResource(r))
	}
	return errors.Join(findings...)
}

// Add makes a device known, or replaces the one of that name, and begins to
// connect. A resource with wrong attributes fails when it is read, alone.
func (d *Driver) Add(dev driver.Device, resources []driver.Resource) error {
	given := dev
	dev = d.complete(dev)
	t, err := parseTarget(dev, d.options.Timeout)
	if err != nil {
		return fmt.Errorf("device %q: %w", dev.Name, err)
	}
	nodes := make(map[string]nodeRef, len(resources))
	for _, r := range resources {
		if node, err := nodeOf(r); err == nil {
			nodes[r.Attributes[nodeIDAttribute].(string)] = node
		}
	}
	watched, err := parseMonitoring(dev, resources)
	if err != nil { // it was validated before it came here; what is right counts
		d.options.Log.Warn("subscription is not as it should be", "device", dev.Name, "error", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return driver.ErrClosed
	}
	before := d.devices[dev.Name]
	l := d.linkTo(t)
	now := &device{link: l, nodes: nodes, given: given, resources: resources, monitoring: watched}
	d.devices[dev.Name] = now
	l.join(dev.Name)
	d.replace(dev.Name, before, now)
	if before != nil && before.link != l {
		d.leave(before.link, dev.Name)
	}
	return nil
}

// linkTo gives the link of a target, and starts a new one. The lock is held.
func (d *Driver) linkTo(t target) *link {
	if l, ok := d.links[t]; ok {
		return l
	}
	l := newLink(t, d.options, d.tell)
	d.links[t] = l
	d.running.Go(l.run)
	return l
}

// leave takes a device off a link, and ends the link that has none left. The
// lock is held.
func (d *Driver) leave(l *link, device string) {
	if l.leave(device) {
		delete(d.links, l.target)
		l.cancel(errUnused)
	}
}

// Remove forgets a device. The connection ends with the last device on it.
func (d *Driver) Remove(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	dev, ok := d.devices[name]
	if !ok {
		return
	}
	delete(d.devices, name)
	dev.link.feed.leave(name)
	d.leave(dev.link, name)
}

// Close ends all connections and waits until they have ended.
func (d *Driver) Close() error {
	d.mu.Lock()
	d.closed = true
	for _, l := range d.links {
		l.cancel(driver.ErrClosed)
	}
	clear(d.links)
	clear(d.devices)
	d.mu.Unlock()
	d.browser.close()
	d.running.Wait()
	return nil
}

// tell passes the state of a device on, unless it went elsewhere meanwhile.
func (d *Driver) tell(l *link, name string, s driver.State) {
	d.mu.RLock()
	dev, onState := d.devices[name], d.onState
	d.mu.RUnlock()
	if onState != nil && dev != nil && dev.link == l {
		onState(name, s)
	}
}

// enter finds a device and its connection, and takes a turn there that ends
// with leave.
func (d *Driver) enter(ctx context.Context, name string) (s *session, leave func(), dev *device, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, nil, err
	}
	d.mu.RLock()
	dev, closed := d.devices[name], d.closed
	d.mu.RUnlock()
	switch {
	case closed:
		return nil, nil, nil, driver.ErrClosed
	case dev == nil:
		return nil, nil, nil, fmt.Errorf("%w %q", driver.ErrUnknownDevice, name)
	}
	leave, err = dev.link.enter(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	s, err = dev.link.session(ctx)
	if err != nil {
		leave()
		return nil, nil, nil, err
	}
	return s, leave, dev, nil
}

// node gives the id of a resource's node at a server with these namespaces.
func (dev *device) node(r driver.Resource, namespaces []string) (*ua.NodeID, error) {
	text, _ := r.Attributes[nodeIDAttribute].(string)
	node, ok := dev.nodes[text]
	if !ok {
		var err error
		if node, err = nodeOf(r); err != nil {
			return nil, &driver.AttributeError{Resource: r.Name, Attribute: nodeIDAttribute, Err: err}
		}
	}
	return node.resolve(namespaces)
}
