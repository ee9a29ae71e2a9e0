package mqttclient

import (
	"fmt"
	"runtime"
	"testing"
)

const benched = 8000

func filled() *trie[*Subscription] {
	root := &trie[*Subscription]{}
	for i := range benched {
		root.add(topicOf(i), &Subscription{})
	}
	return root
}

func BenchmarkMatch(b *testing.B) {
	for name, wild := range map[string]bool{"topics": false, "topics and wildcards": true} {
		b.Run(name, func(b *testing.B) {
			root := filled()
			if wild {
				for _, f := range []string{"#", "plant/+/+/temperature", "plant/#", "+/line3/#"} {
					root.add(f, &Subscription{})
				}
			}
			topic := topicOf(4003)
			var few [8]*Subscription
			b.ReportAllocs()
			for b.Loop() {
				if len(root.match(few[:0], topic)) == 0 {
					b.Fatal("nothing is found")
				}
			}
		})
	}
}

func BenchmarkClaim(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		c := newClient(NewPool(), Options{}, quiet)
		for i := range benched {
			f := []string{topicOf(i)}
			if c.claims(f) {
				b.Fatal("topics overlap")
			}
			c.claim(f)
		}
	}
}

// What a subscription costs in a client.
func BenchmarkSubscriptionMemory(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		topics := make([][]string, benched)
		for i := range topics {
			topics[i] = []string{fmt.Sprint(topicOf(i))}
		}
		before := heap()
		b.StartTimer()
		c := newClient(NewPool(), Options{}, quiet)
		for _, f := range topics {
			c.claim(f)
			s, err := c.Subscribe(f, 1, ignore, unheard)
			if err != nil {
				b.Fatal(err)
			}
			for _, ch := range c.takeChanges() {
				ch.finish(nil)
			}
			s.asked = nil
		}
		b.StopTimer()
		b.ReportMetric(float64(heap()-before)/benched, "B/subscription")
		runtime.KeepAlive(c)
		runtime.KeepAlive(topics)
		b.StartTimer()
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
