// Package drivertest is the conformance suite that every driver passes
// against a live simulator of its protocol: what package driver promises in
// words is a test here.
package drivertest

import (
	"testing"

	"sluice/device-service/internal/driver"
)

// Harness makes a fresh bench for each case.
type Harness struct {
	// New starts a simulator and makes a driver that knows no device yet. Its
	// time-outs and pauses between attempts are short. What it started and the
	// suite does not end is ended by t.Cleanup.
	New func(t *testing.T) *Bench
	// Foreign lists parts of the names of functions whose goroutines are no
	// leak of the driver, such as those of the simulator.
	Foreign []string
}

// Bench is a driver opposite to a simulator.
type Bench struct {
	Driver driver.Driver
	// Devices are at least two, all reachable on the simulator and with the
	// same values. The first one is used where a case needs only one.
	Devices []driver.Device
	// Known are at least three readable resources with the values that the
	// simulator has.
	Known []Known
	// Refused is well formed, but the simulator does not have it.
	Refused driver.Resource
	// Invalid are resources with every kind of attribute that is wrong.
	Invalid []Invalid
	// InvalidDevice has protocol properties that are wrong: InvalidProperties.
	InvalidDevice     driver.Device
	InvalidProperties []string
	// Writes are at least two, with values that differ from the simulator's.
	Writes []driver.Write
	// ReadOnly is a resource with Writable false, and a value that differs.
	ReadOnly driver.Write

	// Stop ends the simulator and all its connections; Start brings it back
	// with the values it started with, at the same address.
	Stop, Start func()
	// Silence makes the simulator take requests without an answer, and with
	// false go on. It may then answer late what it took.
	Silence func(on bool)
}

// Known is a resource and the value that the simulator has for it.
type Known struct {
	Resource driver.Resource
	Value    any
}

// Invalid is a resource with attributes that Validate must name.
type Invalid struct {
	Resource   driver.Resource
	Attributes []string
}

// Suite runs all cases.
func Suite(t *testing.T, h Harness) {
	cases := []struct {
		name string
		run  func(*testing.T, *Bench)
	}{
		{"validate accepts what is good", validateGood},
		{"validate names all findings", validateBad},
		{"read in order", readInOrder},
		{"refused resource fails alone", refusedAlone},
		{"unknown device", unknownDevice},
		{"add replaces", addReplaces},
		{"write and read back", writeAndReadBack},
		{"read-only resource is refused", readOnlyRefused},
		{"cancelled read returns promptly", cancelledRead},
		{"late answers are no values", lateAnswers},
		{"dead peer at add", deadPeerAtAdd},
		{"peer killed and back", peerKilledAndBack},
		{"silent peer and back", silentPeerAndBack},
		{"remove during reads", removeDuringReads},
		{"close twice", closeTwice},
		{"concurrent reads", concurrentReads},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := h.New(t)
			t.Cleanup(func() { _ = b.Driver.Close() })
			c.run(t, b)
		})
	}
	t.Run("no goroutine is left", func(t *testing.T) { nothingLeft(t, h) })
}
