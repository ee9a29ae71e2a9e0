package kubeedge

import "fmt"

// Options are the choices of a conversion.
type Options struct {
	// Node takes the devices of one node alone; empty: all.
	Node string
	Choices
	// OwnProfiles gives each device a profile of its own, <model>--<device>.
	// Who converts devices one by one wants it: what a profile is called must
	// not depend on devices that come later.
	OwnProfiles bool
	// Broker is the MQTT broker at the edge that rules publish to.
	Broker string
	// Services are the device services by protocol, such as modbus and opcua.
	Services map[string]string
}

// Choices decide what properties mean. They are kept with what is imported.
type Choices struct {
	// CycleUnit is the unit of collectCycle and reportCycle.
	CycleUnit CycleUnit `json:"cycleUnit,omitempty"`
	// Semantics decides between what properties mean to KubeEdge's mappers and
	// what their models say.
	Semantics Semantics `json:"semantics,omitempty"`
	// Signed makes integers signed whose model does not say so by a minimum.
	Signed bool `json:"signed,omitempty"`
	// BoolHighByte reads booleans in registers from the high byte.
	BoolHighByte bool `json:"boolHighByte,omitempty"`
}

// usual are the choices that count unless there are others.
var usual = Choices{CycleUnit: Auto, Semantics: Sensible}

// CycleUnit is a unit of cycles.
type CycleUnit string

// The units: releases up to 1.17 have nanoseconds, later ones milliseconds.
// Auto takes nanoseconds for values from 1e8 on: as milliseconds they would be
// more than a day.
const (
	Auto         CycleUnit = "auto"
	Nanoseconds  CycleUnit = "ns"
	Milliseconds CycleUnit = "ms"
)

// Semantics is a way to understand properties.
type Semantics string

const (
	// Sensible takes a minimum below 0 as the sign of a signed integer, and the
	// lowest bit of a register as a boolean.
	Sensible Semantics = "sensible"
	// Literal does as KubeEdge's Modbus mapper: integers are unsigned, and a
	// boolean in a register is its high byte.
	Literal Semantics = "kubeedge"
)

// defaultBroker is where KubeEdge's edge expects an external broker.
const defaultBroker = "tcp://127.0.0.1:1883"

// withDefaults checks the options and puts in what is not given.
func (o Options) withDefaults() (Options, error) {
	switch o.CycleUnit {
	case "":
		o.CycleUnit = Auto
	case Auto, Nanoseconds, Milliseconds:
	default:
		return o, fmt.Errorf("unknown unit of cycles %q: there are auto, ns and ms", o.CycleUnit)
	}
	switch o.Semantics {
	case "":
		o.Semantics = Sensible
	case Sensible:
	case Literal:
		if o.Signed {
			return o, fmt.Errorf("integers are unsigned with semantics %s: leave the choice signed out", Literal)
		}
		o.BoolHighByte = true
	default:
		return o, fmt.Errorf("unknown semantics %q: there are sensible and kubeedge", o.Semantics)
	}
	if o.Broker == "" {
		o.Broker = defaultBroker
	}
	return o, nil
}

// service is the device service of a protocol.
func (o Options) service(protocol string) string {
	if s := o.Services[protocol]; s != "" {
		return s
	}
	return "device-" + protocol
}
