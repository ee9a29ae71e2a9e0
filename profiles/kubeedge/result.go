package kubeedge

import "github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"

// Result is what EdgeX and the rules service are to have.
type Result struct {
	Profiles []Profile
	Devices  []Instance
	Streams  []Definition
	Rules    []Rule
	// Desired are the values that the twin bridge sets at its start.
	Desired []DesiredValue
	// Reported are the properties that the twin bridge reports to the cloud.
	Reported []ReportedProperty
}

// Profile is a device profile of EdgeX, and where it comes from.
type Profile struct {
	dtos.DeviceProfile
	From  Place  `json:"-"`
	model string // what the name begins with of a profile made of a model
}

// Instance is a device of EdgeX, and where it comes from.
type Instance struct {
	dtos.Device
	From   Place  `json:"-"`
	stream string // its stream; "" for one of OpenYurt, which EdgeX alone gets
}

// Definition is a stream of the rules service.
type Definition struct {
	Name string `json:"name"`
	SQL  string `json:"sql"`
	From Place  `json:"-"`
}

// Rule is a rule of the rules service.
type Rule struct {
	ID      string           `json:"id"`
	Name    string           `json:"name,omitempty"`
	SQL     string           `json:"sql"`
	Actions []map[string]any `json:"actions"`
	From    Place            `json:"-"`
}

// twinOf names a property of a device on both sides.
type twinOf struct {
	// DeviceID is the id that topics at the edge have for the device: its name,
	// with its namespace in front of it from v1beta1 on.
	DeviceID string `json:"deviceId"`
	Property string `json:"property"`
	Type     Type   `json:"type"`
	Device   string `json:"device"`
	Resource string `json:"resource"`
}

// DesiredValue is a value that the cloud wants a property to have.
type DesiredValue struct {
	twinOf
	Value string `json:"value"`
}

// ReportedProperty is a property whose values go to the cloud.
type ReportedProperty struct {
	twinOf
	CollectMS int64 `json:"collectCycle"`
	ReportMS  int64 `json:"reportCycle,omitempty"`
	// Rule is the rule that reports it in its own, longer cycle; without one
	// each new value is reported.
	Rule string `json:"rule,omitempty"`
}
