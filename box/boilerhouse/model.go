// Package boilerhouse simulates the plant of the box: one boiler, read and
// written over Modbus TCP and OPC UA alike. Its values follow from the time
// that passed and from what clients wrote, so that a demonstration behaves
// the same each time.
package boilerhouse

import (
	"math"
	"sync"
	"time"
)

const (
	temperatureMean   = 80.0 // degC
	temperatureSwing  = 8.0
	temperaturePeriod = 30 * time.Second
	temperatureRise   = 2 * time.Second // from start until the mean is crossed upwards

	pressureLow  = 3.0 // bar
	pressureHigh = 8.0
	pressureRate = 0.4 // bar per second

	flowOpen  = 24.0 // m3/h with the valve fully open
	flowSwing = 0.02 // of the flow

	levelMean  = 60.0 // %
	levelSwing = 12.0
	slowPeriod = 60 * time.Second

	coolDepth = 20.0 // degC that a stopped boiler cools down
	coolRate  = 1.0  // degC per second, and back

	thresholdFirst = 90.0 // degC, above all that the temperature reaches
	thresholdLow   = 20.0
	thresholdHigh  = 120.0
)

// Model is the boiler. It is safe for concurrent use.
type Model struct {
	mu    sync.Mutex
	start time.Time

	burner   bool
	stop     bool          // the burner is out, whatever its switch says
	switched time.Time     // when pressure, ran and cooled were true last
	pressure float64       // at switched
	ran      time.Duration // of the burner, until switched
	cooled   float64       // degC at switched, by stops

	setpoint  uint16
	valve     int32
	name      string
	threshold float64
}

// Reading holds all values of the boiler at one moment.
type Reading struct {
	Time        time.Time
	Temperature float64 // degC
	Pressure    float64 // bar
	Flow        float64 // m3/h
	Level       uint16  // %
	RunSeconds  uint32  // that the burner was on
	Burner      bool
	Flame       bool
	Setpoint    uint16 // degC
	Valve       int32  // % open
	Name        string
	Stop        bool    // the boiler is held out of operation
	Threshold   float64 // degC that it must not pass; who watches it stops the boiler
}

// NewModel returns a boiler that starts now, with its burner on and the
// pressure at its lowest.
func NewModel() *Model {
	now := time.Now()
	return &Model{
		start:    now,
		burner:   true,
		switched: now,
		pressure: pressureLow,
		setpoint: 80,
		valve:    50,
		name:     "Boiler 2",

		threshold: thresholdFirst,
	}
}

// Read returns what the instruments show now.
func (m *Model) Read() Reading {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	elapsed := now.Sub(m.start)
	flow := flowOpen * float64(m.valve) / 100
	return Reading{
		Time:        now,
		Temperature: temperatureMean + temperatureSwing*math.Cos(turns(elapsed-temperatureRise, temperaturePeriod)-math.Pi/2) - m.cooledAt(now),
		Pressure:    m.pressureAt(now),
		Flow:        flow * (1 + flowSwing*math.Sin(turns(elapsed, slowPeriod))),
		Level:       uint16(math.Round(levelMean + levelSwing*math.Sin(turns(elapsed, slowPeriod)))),
		RunSeconds:  uint32(m.ranAt(now) / time.Second),
		Burner:      m.burner,
		Flame:       m.burns(),
		Setpoint:    m.setpoint,
		Valve:       m.valve,
		Name:        m.name,
		Stop:        m.stop,
		Threshold:   m.threshold,
	}
}

// SetBurner lights the burner or puts it out.
func (m *Model) SetBurner(on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.settle()
	m.burner = on
}

// SetStop takes the boiler out of operation, and back: it cools down meanwhile.
func (m *Model) SetStop(on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.settle()
	m.stop = on
}

// settle notes what has been reached, before the burner's state changes.
func (m *Model) settle() {
	now := time.Now()
	m.pressure, m.ran, m.cooled, m.switched = m.pressureAt(now), m.ranAt(now), m.cooledAt(now), now
}

// SetThreshold sets the temperature in degC that the boiler must not pass. It
// reports false, and changes nothing, outside 20 to 120.
func (m *Model) SetThreshold(t float64) bool {
	if !(t >= thresholdLow && t <= thresholdHigh) {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.threshold = t
	return true
}

// SetSetpoint sets the wanted temperature in degC.
func (m *Model) SetSetpoint(t uint16) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.setpoint = t
}

// SetValve opens the outlet valve to a percentage. It reports false, and
// changes nothing, outside 0 to 100.
func (m *Model) SetValve(percent int32) bool {
	if percent < 0 || percent > 100 {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.valve = percent
	return true
}

// SetName sets the text of the name plate.
func (m *Model) SetName(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.name = name
}

func (m *Model) pressureAt(now time.Time) float64 {
	change := pressureRate * now.Sub(m.switched).Seconds()
	if m.burns() {
		return min(m.pressure+change, pressureHigh)
	}
	return max(m.pressure-change, pressureLow)
}

func (m *Model) ranAt(now time.Time) time.Duration {
	if !m.burns() {
		return m.ran
	}
	return m.ran + now.Sub(m.switched)
}

func (m *Model) burns() bool { return m.burner && !m.stop }

func (m *Model) cooledAt(now time.Time) float64 {
	change := coolRate * now.Sub(m.switched).Seconds()
	if m.stop {
		return min(m.cooled+change, coolDepth)
	}
	return max(m.cooled-change, 0)
}

// turns is the angle that a wave of the period has reached after a time.
func turns(elapsed, period time.Duration) float64 {
	return 2 * math.Pi * elapsed.Seconds() / period.Seconds()
}
