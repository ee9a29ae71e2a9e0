package opcua

import (
	"maps"
	"slices"
	"testing"
	"time"

	"sluice/device-service/internal/driver"
	"sluice/tests/servers"
)

func missedMessages(t *testing.T, peer *servers.OPCUA) {
	r := peerRelay(t, peer)
	checkMissed(t, peer, r, newDriver(t, brisk), fast("one", r.endpoint()))
}

// missedInSecret: the same with a policy and a user.
func missedInSecret(t *testing.T, peer *servers.OPCUA) {
	o := brisk
	o.PKI = newPKI(t, peer.Certificate)
	o.Secret = func(_, key string) (string, error) {
		return map[string]string{"username": "joe", "password": "hush"}[key], nil
	}
	r := peerRelay(t, peer)
	dev := fast("one", r.endpoint())
	maps.Copy(dev.Protocols[Protocol], map[string]any{
		policyProperty: "Aes256_Sha256_RsaPss", modeProperty: "SignAndEncrypt", authProperty: byName, secretProperty: "plc",
	})
	checkMissed(t, peer, r, newDriver(t, o), dev)
}

func checkMissed(t *testing.T, peer *servers.OPCUA, r *relay, d *Driver, dev driver.Device) {
	t.Helper()
	resources := counters(20)
	b := subscribeTo(t, d, dev, resources)
	b.awaitCount(t, resources, stepTo(t, peer, 3))
	for range 5 {
		r.Silence(true)
		stepTo(t, peer, 5)
		await(t, "a message that does not arrive", func() bool { return r.held.Load() > 0 })
		count := stepTo(t, peer, 5)
		r.Stop()
		r.Silence(false)
		r.Start()
		b.awaitCount(t, resources, count)
		b.awaitCount(t, resources, stepTo(t, peer, 5))
	}
	b.checkOnce(t, resources)
	for _, r := range resources {
		if gaps := b.gaps(r.Name); gaps != nil {
			t.Fatalf("%s: gaps %v", r.Name, gaps)
		}
	}
	if b.logged("subscription goes on") != 5 || b.logged("fetched=0") == 5 {
		t.Errorf("%d times on, %d times without a message to fetch", b.logged("subscription goes on"), b.logged("fetched=0"))
	}
}

func sessionLost(t *testing.T, peer *servers.OPCUA) {
	resources := counters(20)
	b := subscribeTo(t, newDriver(t, brisk), fast("one", peer.Endpoint()), resources)
	b.awaitCount(t, resources, stepTo(t, peer, 3))
	peer.Tell(t, "forget-sessions")
	b.awaitCount(t, resources, stepTo(t, peer, 5))
	b.checkOnce(t, resources)
	if gaps := b.gaps("C0"); gaps != nil {
		t.Errorf("gaps %v", gaps)
	}
}

func slowServer(t *testing.T, peer *servers.OPCUA) {
	resources := counters(20)
	o := brisk
	o.Timeout = time.Second
	b := subscribeTo(t, newDriver(t, o), fast("one", peer.Endpoint()), resources)
	b.awaitCount(t, resources, stepTo(t, peer, 3))
	peer.Tell(t, "block 8000")
	b.awaitCount(t, resources, stepTo(t, peer, 5))
	b.checkOnce(t, resources)
	if gaps := b.gaps("C0"); gaps != nil {
		t.Errorf("gaps %v", gaps)
	}
}

func messageSkipped(t *testing.T, peer *servers.OPCUA) {
	resources := counters(20)
	b := subscribeTo(t, newDriver(t, brisk), fast("one", peer.Endpoint()), resources)
	b.awaitCount(t, resources, stepTo(t, peer, 3))
	peer.Tell(t, "skip")
	b.awaitCount(t, resources, stepTo(t, peer, 3))
	if gaps := b.gaps("C7"); !slices.Equal(gaps, []string{driver.GapLost}) {
		t.Errorf("gaps %v", gaps)
	}
}

// answerLost: the server watches nodes, but its answer does not arrive. They are
// asked for again, and each change comes once nevertheless.
func answerLost(t *testing.T, peer *servers.OPCUA) {
	r := peerRelay(t, peer)
	resources := counters(20)
	d := newDriver(t, brisk)
	first := subscribeTo(t, d, fast("one", r.endpoint()), resources[:10])
	first.awaitCount(t, resources[:10], stepTo(t, peer, 1))
	r.Silence(true)
	second := subscribeTo(t, d, fast("two", r.endpoint()), resources[10:])
	await(t, "the server to watch them", func() bool { return peer.Tell(t, "items") == "20" })
	r.Stop()
	r.Silence(false)
	r.Start()
	second.awaitCount(t, resources[10:], stepTo(t, peer, 1))
	count := stepTo(t, peer, 5)
	first.awaitCount(t, resources[:10], count)
	second.awaitCount(t, resources[10:], count)
	first.checkOnce(t, resources[:10])
	second.checkOnce(t, resources[10:])
}

// creationLost: the server makes a subscription, and the connection is lost
// before its answer. Only the next one stays.
func creationLost(t *testing.T, peer *servers.OPCUA) {
	r := peerRelay(t, peer)
	d := newDriver(t, brisk)
	resources := counters(2)
	dev := fast("one", r.endpoint())
	add(t, d, dev, resources...)
	mustRead(t, d, "one", resources...)
	r.Silence(true)
	b := subscribeTo(t, d, dev, resources)
	await(t, "the server to make it", func() bool { return peer.Tell(t, "subscriptions") == "1" })
	r.Stop()
	r.Silence(false)
	r.Start()
	b.awaitCount(t, resources, stepTo(t, peer, 1))
	await(t, "the end of the first", func() bool { return peer.Tell(t, "subscriptions") == "1" && peer.Tell(t, "sessions") == "1" })
	b.awaitCount(t, resources, stepTo(t, peer, 1))
}

// unknownSubscription: the server makes a subscription, but its answer comes too
// late. It is taken away when it speaks.
func unknownSubscription(t *testing.T, peer *servers.OPCUA) {
	resources := counters(2)
	d := newDriver(t, brisk)
	b := subscribeTo(t, d, fast("one", peer.Endpoint()), resources)
	b.awaitCount(t, resources, stepTo(t, peer, 1))
	s, leave, dev, err := d.enter(t.Context(), "one")
	if err != nil {
		t.Fatal(err)
	}
	defer leave()
	if _, err := s.createSubscription(t.Context(), dev.monitoring.pace); err != nil {
		t.Fatal(err)
	}
	await(t, "its end", func() bool { return peer.Tell(t, "subscriptions") == "1" })
	b.awaitCount(t, resources, stepTo(t, peer, 1))
	b.checkOnce(t, resources)
}

// anotherConnection: what happens between two connections of a device may be
// missing.
func anotherConnection(t *testing.T, peer *servers.OPCUA) {
	resources := counters(2)
	d := newDriver(t, brisk)
	b := subscribeTo(t, d, fast("one", peer.Endpoint()), resources)
	b.awaitCount(t, resources, stepTo(t, peer, 1))
	patient := fast("one", peer.Endpoint())
	patient.Protocols[Protocol]["Timeout"] = "7s"
	b.forget()
	add(t, d, patient, resources...)
	b.awaitCount(t, resources, stepTo(t, peer, 1))
	for _, r := range resources {
		if first := b.of(r.Name)[0]; first.Tags[driver.GapTag] != driver.GapPaused || len(b.gaps(r.Name)) != 1 {
			t.Errorf("%+v", b.of(r.Name))
		}
	}
}

func subscriptionExpired(t *testing.T, peer *servers.OPCUA) { lostAndMade(t, peer, "expire") }

func subscriptionDropped(t *testing.T, peer *servers.OPCUA) {
	lostAndMade(t, peer, "drop-subscriptions")
}

// lostAndMade: each resource has the gap on its first reading afterwards, and
// only there.
func lostAndMade(t *testing.T, peer *servers.OPCUA, fault string) {
	resources := counters(20)
	o := brisk
	o.Timeout = time.Second
	start := time.Now()
	b := subscribeTo(t, newDriver(t, o), fast("one", peer.Endpoint()), resources)
	b.awaitCount(t, resources, stepTo(t, peer, 3))
	b.forget()
	peer.Tell(t, fault)
	await(t, "all values again", func() bool {
		return !slices.ContainsFunc(resources, func(r driver.Resource) bool { return len(b.of(r.Name)) == 0 })
	})
	b.awaitCount(t, resources, stepTo(t, peer, 3))
	checkGapFirst(t, b, resources, start)
	if got := peer.Tell(t, "subscriptions"); got != "1" {
		t.Errorf("%s subscriptions", got)
	}
	if got := b.logged("subscription is lost"); got != 1 {
		t.Errorf("logged %d times", got)
	}
}

func checkGapFirst(t *testing.T, b *inbox, resources []driver.Resource, start time.Time) {
	t.Helper()
	for _, r := range resources {
		first := b.of(r.Name)[0]
		since, err := time.Parse(time.RFC3339Nano, first.Tags[driver.GapSinceTag])
		if first.Tags[driver.GapTag] != driver.GapReconnect || err != nil || since.Before(start) || since.After(time.Now()) {
			t.Errorf("%s: %+v", r.Name, first)
		}
		if gaps := b.gaps(r.Name); len(gaps) != 1 {
			t.Errorf("%s: gaps %v", r.Name, gaps)
		}
	}
}

func changedAndEnded(t *testing.T, peer *servers.OPCUA) {
	d := newDriver(t, brisk)
	resources := counters(4)
	b := subscribeTo(t, d, fast("one", peer.Endpoint()), resources[:2])
	b.awaitCount(t, resources[:2], stepTo(t, peer, 1))

	add(t, d, fast("one", peer.Endpoint()), resources[:2]...) // nothing new
	b.awaitCount(t, resources[:2], stepTo(t, peer, 1))
	b.checkOnce(t, resources[:2])

	add(t, d, fast("one", peer.Endpoint()), resources[1:]...)
	b.awaitCount(t, resources[1:], stepTo(t, peer, 1))
	if got := peer.Tell(t, "items"); got != "3" {
		t.Errorf("%s items", got)
	}
	paced := fast("one", peer.Endpoint())
	paced.Protocols[Protocol]["PublishingInterval"] = "60ms"
	add(t, d, paced, resources...)
	b.awaitCount(t, resources, stepTo(t, peer, 1))
	if gaps := [][]string{b.gaps("C0"), b.gaps("C1"), b.gaps("C2"), b.gaps("C3")}; !slices.EqualFunc(gaps,
		[][]string{{driver.GapPaused}, {driver.GapPaused, driver.GapPaused}, {driver.GapPaused}, {driver.GapPaused}}, slices.Equal) {
		t.Errorf("gaps %v", gaps)
	}
	if subs, items := peer.Tell(t, "subscriptions"), peer.Tell(t, "items"); subs != "1" || items != "4" {
		t.Errorf("%s subscriptions, %s items", subs, items)
	}
	before := time.Now()
	d.Unsubscribe("one")
	b.forget()
	await(t, "the end of the subscription", func() bool { return peer.Tell(t, "subscriptions") == "0" })
	if len(b.of("C0")) > 0 {
		t.Error("told after the end")
	}
	if err := d.Subscribe("one", b.push); err != nil {
		t.Fatal(err)
	}
	b.awaitCount(t, resources, stepTo(t, peer, 1))
	checkPaused(t, b, resources, before)
}

// checkPaused: each resource begins with a gap from before a time on.
func checkPaused(t *testing.T, b *inbox, resources []driver.Resource, before time.Time) {
	t.Helper()
	for _, r := range resources {
		first := b.of(r.Name)[0]
		since, err := time.Parse(time.RFC3339Nano, first.Tags[driver.GapSinceTag])
		if first.Tags[driver.GapTag] != driver.GapPaused || err != nil || since.After(before) {
			t.Errorf("%+v", first)
		}
	}
}

func transferRefused(t *testing.T, peer *servers.OPCUA) {
	peer.Tell(t, "refuse-transfer")
	r := peerRelay(t, peer)
	resources := counters(20)
	start := time.Now()
	b := subscribeTo(t, newDriver(t, brisk), fast("one", r.endpoint()), resources)
	b.awaitCount(t, resources, stepTo(t, peer, 3))
	b.forget()
	r.Stop()
	r.Start()
	b.awaitCount(t, resources, stepTo(t, peer, 3))
	b.awaitCount(t, resources, stepTo(t, peer, 3))
	checkGapFirst(t, b, resources, start)
	await(t, "the subscription before to end", func() bool { return peer.Tell(t, "subscriptions") == "1" })
}

func serverRestarted(t *testing.T, peer *servers.OPCUA) {
	start := time.Now()
	resources := counters(20)
	b := subscribeTo(t, newDriver(t, brisk), fast("one", peer.Endpoint()), resources)
	b.awaitCount(t, resources, stepTo(t, peer, 3))
	peer.Kill()
	b.forget()
	peer.Shifted = true
	peer.Start(t)
	peer.Tell(t, "counters 20")
	await(t, "all values again", func() bool {
		return !slices.ContainsFunc(resources, func(r driver.Resource) bool { return b.last(r.Name).Value == nil })
	})
	b.awaitCount(t, resources, stepTo(t, peer, 3))
	checkGapFirst(t, b, resources, start)
	if got := b.logged("the server has started again"); got != 1 {
		t.Errorf("logged %d times", got) // its subscriptions may have the ids of ours
	}
	peer.Shifted = false
}

// A server that can neither transfer nor publish again nor tell what it has.
func TestSubscriptionAtASimpleServer(t *testing.T) {
	p := newPlant(t, 7777, answerOf{"Level": int32(1)})
	resources := []driver.Resource{p.resource("Level", "Int32")}
	start := time.Now()
	d := newDriver(t, brisk)
	b := subscribeTo(t, d, fast("one", p.endpoint()), resources)
	for value := int32(1); value < 5; value++ {
		await(t, "the change", func() bool { return b.last("Level").Value == value })
		if err := d.Write(t.Context(), "one", []driver.Write{{Resource: resources[0], Value: value + 1}}); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "the last change", func() bool { return b.last("Level").Value == int32(5) })
	if gaps := b.gaps("Level"); gaps != nil {
		t.Errorf("gaps %v", gaps)
	}
	b.forget()
	p.Cut()
	await(t, "the value again", func() bool { return b.last("Level").Value == int32(5) })
	checkGapFirst(t, b, resources, start)
}

// Who stops to listen while the server is away, and begins again when it is
// back, hears of the gap: as when a device is set down and up again.
func pausedWhileAway(t *testing.T, peer *servers.OPCUA) {
	peer.Tell(t, "counters 3")
	r := peerRelay(t, peer)
	resources := counters(3)
	d := newDriver(t, brisk)
	b := subscribeTo(t, d, fast("one", r.endpoint()), resources)
	b.awaitCount(t, resources, stepTo(t, peer, 1))
	r.Stop()
	b.forget()
	cut := time.Now()
	d.Unsubscribe("one")
	stepTo(t, peer, 1)
	r.Start()
	await(t, "the connection", func() bool {
		readings, err := d.Read(t.Context(), "one", resources[:1])
		return err == nil && readings[0].Err == nil
	})
	if err := d.Subscribe("one", b.push); err != nil {
		t.Fatal(err)
	}
	b.awaitCount(t, resources, stepTo(t, peer, 1))
	checkPaused(t, b, resources, cut)
}
