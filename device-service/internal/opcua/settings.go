package opcua

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// settings reads values of properties or attributes: text, numbers, booleans.
type settings struct {
	given  map[string]any
	report func(name string, err error)
}

func (s settings) pace() pace {
	p := pace{interval: s.span(publishingProperty, publishingDefault, time.Millisecond)}
	p.keepAlive = s.count(keepAliveProperty, keepAliveDefault, 1)
	if time.Duration(p.keepAlive) > longestSilence/p.interval {
		s.report(keepAliveProperty, fmt.Errorf("%d intervals of %v are over %v", p.keepAlive, p.interval, longestSilence))
		p.keepAlive = max(1, uint32(longestSilence/p.interval))
	}
	least := 3 * p.keepAlive // of the specification
	p.lifetime = s.count(lifetimeProperty, max(least, uint32(outlived/p.interval)), 1)
	if p.lifetime < least {
		s.report(lifetimeProperty, fmt.Errorf("%d is less than three times the KeepAliveCount of %d", p.lifetime, p.keepAlive))
		p.lifetime = least
	}
	return p
}

// item is a resource's way to be watched, with defaults.
func (s settings) item(base monitored, sampling, band, queue, discard string) monitored {
	base.sampling = s.span(sampling, base.sampling, 0)
	base.deadband = s.deadband(band, base.deadband)
	base.queue = s.count(queue, base.queue, 1)
	base.dropNewest = !s.truth(discard, !base.dropNewest)
	return base
}

func (s settings) span(name string, def, least time.Duration) time.Duration {
	value, ok := s.given[name]
	if !ok {
		return def
	}
	text, _ := value.(string)
	d, err := time.ParseDuration(strings.TrimSpace(text))
	if err != nil || d < least || d > longestSilence {
		s.report(name, fmt.Errorf("%v is not a time span from %v to %v; write it with its unit, such as 250ms or 2s", value, least, longestSilence))
		return def
	}
	return d
}

func (s settings) count(name string, def, least uint32) uint32 {
	value, ok := s.given[name]
	if !ok {
		return def
	}
	n, err := strconv.ParseUint(strings.TrimSpace(fmt.Sprint(value)), 10, 32)
	if err != nil || n < uint64(least) {
		s.report(name, fmt.Errorf("%v is not a number from %d on", value, least))
		return def
	}
	return uint32(n)
}

func (s settings) truth(name string, def bool) bool {
	value, ok := s.given[name]
	if !ok {
		return def
	}
	b, err := strconv.ParseBool(strings.TrimSpace(fmt.Sprint(value)))
	if err != nil {
		s.report(name, fmt.Errorf("%v is neither true nor false", value))
		return def
	}
	return b
}

func (s settings) deadband(name string, def deadband) deadband {
	value, ok := s.given[name]
	if !ok {
		return def
	}
	text, percent := strings.CutSuffix(strings.TrimSpace(fmt.Sprint(value)), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || v < 0 || math.IsInf(v, 0) || math.IsNaN(v) || percent && v > 100 {
		s.report(name, fmt.Errorf("%v is no change of a value; write it as 0.5, or as 2%% of the node's range", value))
		return def
	}
	return deadband{v, percent}
}
