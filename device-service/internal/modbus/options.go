package modbus

import "time"

// Options tune the driver. The zero value of each field is its default.
type Options struct {
	// RegisterGap and BitGap are how many registers or bits that nobody wants
	// a read may take along to save a request; below 0 none.
	RegisterGap, BitGap int
	// Queue bounds the requests that wait for one device; beyond, reads and
	// writes end with driver.ErrBusy.
	Queue int
	// MinPause and MaxPause bound the pause between attempts to reach what
	// does not answer; each pause is twice the one before.
	MinPause, MaxPause time.Duration
	// Relearn is how long the driver remembers which addresses a device has
	// refused in one request with others.
	Relearn time.Duration
	// Config says where to look for devices: the keys that begin with Discovery.
	Config map[string]string
}

// A request costs about 20 bytes and a turn-around; 16 registers are 32 bytes,
// 128 bits are 16.
const (
	defaultRegisterGap = 16
	defaultBitGap      = 128
	defaultQueue       = 100
	defaultMinPause    = 250 * time.Millisecond
	defaultMaxPause    = 10 * time.Second
	defaultRelearn     = 10 * time.Minute
)

func (o Options) withDefaults() Options {
	setDefault(&o.RegisterGap, defaultRegisterGap)
	setDefault(&o.BitGap, defaultBitGap)
	setDefault(&o.Queue, defaultQueue)
	setDefault(&o.MinPause, defaultMinPause)
	setDefault(&o.MaxPause, defaultMaxPause)
	setDefault(&o.Relearn, defaultRelearn)
	return o
}

func setDefault[T int | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}

// limits of a read, where a device does not ask for less.
func (o Options) limits() limits {
	return limits{
		registers: maxReadRegisters, bits: maxReadBits,
		registerGap: max(o.RegisterGap, 0), bitGap: max(o.BitGap, 0),
	}
}

// longer is the pause after the given one.
func (o Options) longer(pause time.Duration) time.Duration {
	return min(max(2*pause, o.MinPause), o.MaxPause)
}
