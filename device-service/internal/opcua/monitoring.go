package opcua

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gopcua/opcua/ua"

	"sluice/device-service/internal/driver"
	"sluice/sqlengine/diag"
)

// Properties of a device that subscribes.
const (
	resourcesProperty  = "Resources"
	publishingProperty = "PublishingInterval"
	samplingProperty   = "SamplingInterval"
	deadbandProperty   = "Deadband"
	queueProperty      = "QueueSize"
	discardProperty    = "DiscardOldest"
	keepAliveProperty  = "KeepAliveCount"
	lifetimeProperty   = "LifetimeCount"
)

// Attributes of a resource that is subscribed to; they go before the
// properties of the device.
const (
	subscribeAttribute = "subscribe"
	samplingAttribute  = "samplingInterval"
	deadbandAttribute  = "deadband"
	queueAttribute     = "queueSize"
	discardAttribute   = "discardOldest"
)

var subscriptionProperties = []string{resourcesProperty, publishingProperty, samplingProperty, deadbandProperty,
	queueProperty, discardProperty, keepAliveProperty, lifetimeProperty}

var subscriptionAttributes = []string{subscribeAttribute, samplingAttribute, deadbandAttribute, queueAttribute, discardAttribute}

const (
	// everything in Resources stands for all readable variables.
	everything = "*"
	// publishingDefault is that of device-opc-ua.
	publishingDefault = 500 * time.Millisecond
	keepAliveDefault  = 10
	queueDefault      = 10
	// eventQueueDefault is larger: events come in bursts, and none replaces another.
	eventQueueDefault = 1000
	// outlived is how long a server keeps a subscription of a client that is away.
	outlived = 10 * time.Minute
	// longestSilence bounds the time between two signs of life of a server.
	longestSilence = time.Hour
)

// pace is how often a server publishes. Devices of one connection with the same
// pace share a subscription: servers allow few.
type pace struct {
	interval            time.Duration
	keepAlive, lifetime uint32 // counts of intervals
}

// monitored is how one resource is watched.
type monitored struct {
	resource driver.Resource
	sampling time.Duration // below 0: as often as the server publishes
	deadband deadband
	queue    uint32
	// dropNewest: a full queue keeps its oldest values.
	dropNewest bool
	events     *eventRef // nil: it is a variable
}

// deadband is by how much a value must change; the zero value is none.
type deadband struct {
	value   float64
	percent bool
}

func (b deadband) filter() *ua.ExtensionObject {
	if b.value == 0 {
		return nil
	}
	kind := ua.DeadbandTypeAbsolute
	if b.percent {
		kind = ua.DeadbandTypePercent
	}
	return ua.NewExtensionObject(&ua.DataChangeFilter{
		Trigger: ua.DataChangeTriggerStatusValue, DeadbandType: uint32(kind), DeadbandValue: b.value,
	})
}

// monitoring is what a device subscribes to.
type monitoring struct {
	pace  pace
	items []monitored
}

// parseMonitoring reads what a device and its resources say about a
// subscription. What is wrong is left out and is among the findings.
func parseMonitoring(d driver.Device, resources []driver.Resource) (monitoring, error) {
	given := d.Protocols[Protocol]
	var findings []error
	p := settings{given: given, report: func(name string, err error) {
		findings = append(findings, &driver.AttributeError{Attribute: name, Err: err})
	}}
	m := monitoring{pace: p.pace()}
	defaults := p.item(monitored{sampling: -1, queue: queueDefault}, samplingProperty, deadbandProperty, queueProperty, discardProperty)
	wanted, err := wantedResources(given[resourcesProperty], resources)
	findings = append(findings, err)
	for _, r := range resources {
		a := settings{given: r.Attributes, report: func(name string, err error) {
			findings = append(findings, &driver.AttributeError{Resource: r.Name, Attribute: name, Err: err})
		}}
		item := a.item(defaults.fitting(r), samplingAttribute, deadbandAttribute, queueAttribute, discardAttribute)
		item.resource = r
		item.events, err = eventsOf(r) // an error is a finding of the resource already
		if a.truth(subscribeAttribute, wanted[r.Name] || isEvents(r)) && a.canSubscribe(r) && err == nil {
			m.items = append(m.items, item)
		}
	}
	return m, errors.Join(findings...)
}

// fitting are the defaults of a device as far as they fit a resource.
func (m monitored) fitting(r driver.Resource) monitored {
	if !isNumeric(r.Type) {
		m.deadband = deadband{}
	}
	if isEvents(r) {
		m.sampling, m.queue = 0, max(m.queue, eventQueueDefault)
	}
	return m
}

// canSubscribe tells whether there is anything to watch; an explicit wish for
// what there is not is a finding.
func (s settings) canSubscribe(r driver.Resource) bool {
	if err := watchable(r); err != nil {
		if _, explicit := s.given[subscribeAttribute]; explicit {
			s.report(subscribeAttribute, err)
		}
		return false
	}
	_, err := nodeOf(r)
	return err == nil // an error is a finding of the read already
}

func watchable(r driver.Resource) error {
	switch {
	case isMethod(r):
		return errors.New("a method cannot be subscribed to")
	case !r.Readable:
		return errors.New("a resource that is write only cannot be subscribed to")
	}
	return nil
}

// wantedResources reads the list of names, as a text with commas or as a list.
func wantedResources(value any, resources []driver.Resource) (map[string]bool, error) {
	names, err := nameList(value)
	if err != nil {
		return nil, &driver.AttributeError{Attribute: resourcesProperty, Err: err}
	}
	byName := map[string]driver.Resource{}
	for _, r := range resources {
		byName[r.Name] = r
	}
	wanted := map[string]bool{}
	var findings []error
	for _, name := range names {
		r, known := byName[name]
		switch {
		case name == everything:
			for other := range byName {
				wanted[other] = true
			}
		case !known:
			findings = append(findings, &driver.AttributeError{Attribute: resourcesProperty,
				Err: fmt.Errorf("the profile has no resource %q", name), Hint: diag.DidYouMean(name, slices.Sorted(maps.Keys(byName)))})
		case watchable(r) != nil:
			findings = append(findings, &driver.AttributeError{Attribute: resourcesProperty, Err: fmt.Errorf("resource %q: %w", name, watchable(r))})
		default:
			wanted[name] = true
		}
	}
	return wanted, errors.Join(findings...)
}

func nameList(value any) ([]string, error) {
	var names []string
	switch v := value.(type) {
	case nil:
	case string:
		names = strings.Split(v, ",")
	case []any:
		for _, x := range v {
			name, ok := x.(string)
			if !ok {
				return nil, fmt.Errorf("%v is not the name of a resource", x)
			}
			names = append(names, name)
		}
	default:
		return nil, fmt.Errorf("%v is not a list of resources; write it as A,B or %s for all", value, everything)
	}
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" }), nil
}

func isNumeric(t driver.Type) bool {
	name := strings.TrimSuffix(string(t), "Array")
	return strings.HasPrefix(name, "Int") || strings.HasPrefix(name, "Uint") || strings.HasPrefix(name, "Float")
}
