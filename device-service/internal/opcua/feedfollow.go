package opcua

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/gopcua/opcua/ua"

	"sluice/device-service/internal/driver"
)

// follow makes the subscriptions at the server what the devices want, and tells
// when to look again.
func (f *feed) follow(ctx context.Context, s *session) time.Duration {
	for name, dev := range f.dismiss() {
		f.admit(name, dev)
	}
	f.tidy(ctx, s)
	for _, sub := range f.subs {
		if sub.id == 0 && !sub.again.After(time.Now()) {
			f.create(ctx, s, sub)
		}
		if sub.id != 0 {
			f.fill(ctx, s, sub)
		}
	}
	f.count()
	return f.retry
}

// surplus is what a server has and nobody wants: items, or without any the
// whole subscription.
type surplus struct {
	subscription uint32
	items        []uint32
}

// dismiss takes out what nobody wants any more, or wants otherwise. It gives
// the devices that have no place yet.
func (f *feed) dismiss() map[string]*device {
	wanted := f.wanted()
	var left []*subscription
	for _, sub := range f.subs {
		for name, dev := range sub.members {
			now := wanted[name]
			if now != nil && (now == dev || now.out == dev.out && reflect.DeepEqual(now.monitoring, dev.monitoring)) {
				sub.members[name] = now
				delete(wanted, name)
				continue
			}
			if ids := sub.drop(name); len(ids) > 0 && len(sub.members) > 0 {
				f.surplus = append(f.surplus, surplus{sub.id, ids})
			}
		}
		if len(sub.members) > 0 {
			left = append(left, sub)
			continue
		}
		if sub.id != 0 {
			f.surplus = append(f.surplus, surplus{subscription: sub.id})
		}
	}
	f.subs = left
	return wanted
}

// tidy makes the server forget what is surplus. What it keeps nevertheless is
// passed over, and ends with the session or by itself.
func (f *feed) tidy(ctx context.Context, s *session) {
	for _, u := range f.surplus {
		if len(u.items) > 0 {
			_ = s.deleteItems(ctx, u.subscription, u.items)
			continue
		}
		_ = s.deleteSubscription(ctx, u.subscription)
	}
	f.surplus = nil
}

// admit gives a device its place in a subscription.
func (f *feed) admit(name string, dev *device) {
	sub := f.at(dev.monitoring.pace)
	sub.members[name] = dev
	for _, m := range dev.monitoring.items {
		f.handle++
		sub.items[f.handle] = &item{
			monitored: m, device: name, out: dev.out, handle: f.handle,
			gap: dev.missed.take(m.resource.Name, driver.GapPaused),
		}
	}
}

func (f *feed) at(p pace) *subscription {
	for _, sub := range f.subs {
		if sub.pace == p {
			return sub
		}
	}
	sub := &subscription{pace: p, members: map[string]*device{}, items: map[uint32]*item{}}
	f.subs = append(f.subs, sub)
	return sub
}

// create makes a subscription at the server.
func (f *feed) create(ctx context.Context, s *session, sub *subscription) {
	f.doubt.Store(true)
	made, err := s.createSubscription(ctx, sub.pace)
	if err != nil && s.probe(ctx) != nil {
		return // it is the session that is at its end
	}
	defer f.doubt.Store(false)
	if err != nil {
		sub.again = time.Now().Add(f.retry)
		if sub.failure != err.Error() {
			sub.failure = err.Error()
			f.log.Warn("server makes no subscription; it is asked again", "endpoint", f.url, "devices", sub.devices(), "in", f.retry, "error", err)
		}
		return
	}
	if sub.failure != "" {
		f.log.Info("server has made the subscription", "endpoint", f.url, "devices", sub.devices())
	}
	sub.failure = ""
	sub.id, sub.silence, sub.next, sub.heard = made.id, made.keepAlive, 1, time.Now()
	f.count()
}

// fill adds the items that the server does not have yet. What it refuses is
// told once, and asked for again later; the others arrive.
func (f *feed) fill(ctx context.Context, s *session, sub *subscription) {
	var items []*item
	var requests []*ua.MonitoredItemCreateRequest
	now := time.Now()
	for _, handle := range slices.Sorted(maps.Keys(sub.items)) {
		it := sub.items[handle]
		if it.id != 0 || it.again.After(now) {
			continue
		}
		request, err := it.request(sub.members[it.device], s.namespaces)
		if err != nil {
			f.refuse(it, err)
			continue
		}
		items, requests = append(items, it), append(requests, request)
	}
	f.acquaint(ctx, s, items, requests)
	results, err := s.createItems(ctx, sub.id, requests)
	for i, result := range results {
		if isBad(result.StatusCode) {
			f.refuse(items[i], statusError{result.StatusCode})
			continue
		}
		items[i].id, items[i].refused = result.MonitoredItemID, false
	}
	if err == nil {
		return
	}
	f.renumber(sub, items[len(results):])
	if s.probe(ctx) != nil {
		return
	}
	if errors.Is(err, ua.StatusBadSubscriptionIDInvalid) {
		f.lost(sub, err.Error())
		return
	}
	f.log.Warn("nodes are not watched; the server is asked again", "endpoint", f.url, "nodes", len(items)-len(results), "in", f.retry, "error", err)
	for _, it := range items[len(results):] {
		it.again = now.Add(f.retry)
	}
}

// renumber gives items other handles. The server may watch them although its
// answer did not arrive: their changes would come twice.
func (f *feed) renumber(sub *subscription, items []*item) {
	for _, it := range items {
		delete(sub.items, it.handle)
		f.handle++
		it.handle = f.handle
		sub.items[it.handle] = it
	}
}

// refuse tells once that a node is not watched.
func (f *feed) refuse(it *item, err error) {
	it.again = time.Now().Add(f.retry)
	if !it.refused {
		it.refused = true
		it.out.send([]driver.Reading{{Resource: it.resource.Name, Time: time.Now(), Err: err}})
	}
}
