package opcua

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gopcua/opcua/ua"

	"sluice/device-service/internal/driver"
)

// resume takes the subscriptions over from the session before, with the
// messages that were missed. Those that the server does not hand over are lost.
// It tells whether it has come to an end: else the next session has to do it.
func (f *feed) resume(ctx context.Context, s *session) bool {
	f.dismiss() // what is not wanted any more need not be fetched
	f.doubt.Store(false)
	before := f.started
	f.started, f.acks = s.started, nil
	var held []*subscription
	var ids []uint32
	for _, sub := range f.subs {
		if sub.id != 0 {
			held, ids = append(held, sub), append(ids, sub.id)
		}
		for _, it := range sub.items {
			it.again = time.Time{} // another session, another answer
		}
		sub.again = time.Time{}
	}
	if len(held) == 0 {
		return true
	}
	if !before.Equal(s.started) { // its ids may be those of other clients now
		for _, sub := range held {
			f.lost(sub, "the server has started again")
		}
		return true
	}
	results, err := s.transfer(ctx, ids)
	if err != nil && s.probe(ctx) != nil {
		return false
	}
	for i, sub := range held {
		switch {
		case err != nil:
			f.lost(sub, err.Error())
		case isBad(results[i].StatusCode):
			f.lost(sub, statusError{results[i].StatusCode}.Error())
		default:
			f.replay(ctx, s, sub, results[i].AvailableSequenceNumbers)
		}
	}
	return true
}

// replay fetches the messages that a server has kept.
func (f *feed) replay(ctx context.Context, s *session, sub *subscription, kept []uint32) {
	first, newest := sub.next, sub.next-1
	for _, sequence := range kept {
		if place := sub.place(sequence); place >= 0 && int(int32(sequence-newest)) > 0 {
			newest = sequence
		}
		if sub.place(sequence) < 0 {
			f.acknowledge(sub.id, sequence)
		}
	}
	if slices.Contains(kept, newest) && sub.place(newest) >= 0 && !f.fetch(ctx, s, sub, after(newest)) {
		return
	}
	sub.heard = time.Now()
	f.log.Info("subscription goes on", "endpoint", f.url, "devices", sub.devices(), "fetched", sub.next-first)
}

// take handles a message of the server. One of a subscription that nobody knows
// tells that the server has made it although its answer did not arrive.
func (f *feed) take(ctx context.Context, s *session, answer *ua.PublishResponse) {
	now, known := time.Now(), false
	for _, sub := range f.subs {
		if sub.id == answer.SubscriptionID && sub.id != 0 {
			known = true
			f.receive(ctx, s, sub, answer.NotificationMessage)
			continue
		}
		if sub.silent(now, f.timeout) {
			f.verify(ctx, s, sub)
		}
	}
	if !known {
		f.surplus = append(f.surplus, surplus{subscription: answer.SubscriptionID})
		f.stale = true
	}
}

// receive handles a message in its place: those that are missing before it
// come first. When the session ends meanwhile, the next one fetches it with them.
func (f *feed) receive(ctx context.Context, s *session, sub *subscription, message *ua.NotificationMessage) {
	place := sub.place(message.SequenceNumber)
	if place > 0 && !f.fetch(ctx, s, sub, message.SequenceNumber) {
		return
	}
	if len(message.NotificationData) > 0 { // else it is a sign of life
		f.acknowledge(sub.id, message.SequenceNumber)
		if place >= 0 {
			sub.next = after(message.SequenceNumber)
			f.handOut(ctx, s, sub, message)
		}
	}
	sub.heard = time.Now()
}

// mostMissing is how many messages are fetched again; more are given up.
const mostMissing = 1000

// fetch gets the messages that come before one. What the server does not have
// any more leaves a gap. It tells whether all is done that can be: else the
// session or the subscription has ended.
func (f *feed) fetch(ctx context.Context, s *session, sub *subscription, until uint32) bool {
	missing := int(until - sub.next)
	if missing > mostMissing {
		sub.next = until
		f.gone(sub, missing)
		return true
	}
	lost := 0
	for sub.next != until && sub.id != 0 {
		message, err := s.republish(ctx, sub.id, sub.next)
		switch {
		case err == nil:
			f.acknowledge(sub.id, message.SequenceNumber)
			f.handOut(ctx, s, sub, message)
		case errors.Is(err, ua.StatusBadMessageNotAvailable):
			lost++
		case s.probe(ctx) != nil:
			return false
		default: // the server cannot do it
			lost += int(until - sub.next)
			sub.next = until
			continue
		}
		sub.next = after(sub.next)
	}
	if lost > 0 {
		f.gone(sub, lost)
	}
	return sub.id != 0
}

func (f *feed) gone(sub *subscription, messages int) {
	f.log.Warn("messages of a server are lost: changes since then may be missing",
		"endpoint", f.url, "devices", sub.devices(), "since", sub.heard, "messages", messages)
	sub.mark(driver.GapLost, sub.heard)
}

// handOut gives the changes of a message to the devices that they are of.
func (f *feed) handOut(ctx context.Context, s *session, sub *subscription, message *ua.NotificationMessage) {
	for _, data := range message.NotificationData {
		if data == nil {
			continue
		}
		switch n := data.Value.(type) {
		case *ua.DataChangeNotification:
			f.unfold(ctx, s, sub, n)
			sub.handOut(n)
		case *ua.EventNotificationList:
			s.handOutEvents(ctx, sub, n)
		case *ua.StatusChangeNotification:
			if n.Status == ua.StatusGoodSubscriptionTransferred { // to another client, or away from a session that ends
				f.verify(ctx, s, sub)
				return
			}
			f.lost(sub, statusError{n.Status}.Error())
			return
		}
	}
}

func (s *subscription) handOut(n *ua.DataChangeNotification) {
	now := time.Now()
	var order []*outlet
	batches := map[*outlet][]driver.Reading{}
	for _, change := range n.MonitoredItems {
		it := s.items[change.ClientHandle]
		if it == nil {
			continue // it was taken out meanwhile
		}
		if batches[it.out] == nil {
			order = append(order, it.out)
		}
		batches[it.out] = append(batches[it.out], it.reading(change.Value, now))
	}
	for _, out := range order {
		out.send(batches[out])
	}
}
