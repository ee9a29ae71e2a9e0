package connectortest

import (
	"slices"
	"testing"
	"time"
)

// Compare runs a connector and its bare client library in turn, each with so
// many messages, and reports messages per second of both and what part of the
// library's speed the connector has. Medians count: other processes of the
// machine disturb single rounds.
func Compare(b *testing.B, messages int, connector, bare func()) {
	b.Helper()
	connector()
	bare()
	var ours, theirs []time.Duration
	timed := func(f func()) time.Duration {
		start := time.Now()
		f()
		return time.Since(start)
	}
	b.ReportAllocs()
	for b.Loop() {
		ours, theirs = append(ours, timed(connector)), append(theirs, timed(bare))
	}
	mine, other := median(ours), median(theirs)
	b.ReportMetric(float64(messages)/mine.Seconds(), "messages/s")
	b.ReportMetric(float64(messages)/other.Seconds(), "bare-messages/s")
	b.ReportMetric(100*other.Seconds()/mine.Seconds(), "%-of-bare")
}

func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2]
}
