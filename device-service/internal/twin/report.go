package twin

import (
	"errors"
	"time"
)

// Report takes readings of a device, those of one event.
func (b *Bridge) Report(name string, readings []Reading) {
	b.mu.Lock()
	d := b.devices[name]
	if d == nil {
		b.mu.Unlock()
		return
	}
	var taken []Value
	for _, r := range readings {
		if d.Reported == nil || d.Reported[r.Property] {
			if v, ok := b.take(d, r, false); ok {
				taken = append(taken, v)
			}
		}
	}
	of := d.Device
	b.mu.Unlock()
	if b.options.Series && len(taken) > 0 && !b.transport.Record(of, taken) {
		b.mu.Lock()
		b.counts.Dropped += uint64(len(taken))
		b.mu.Unlock()
	}
	b.flush(d)
}

// take notes a reading. One that no twin can have is counted, and logged once.
// The lock is held.
func (b *Bridge) take(d *device, r Reading, force bool) (Value, bool) {
	v, coalesced, err := d.take(r, force)
	if err != nil {
		b.counts.LeftOut++
		if p := d.of(r.Property); !p.told {
			p.told = true
			b.log.Warn("property is not reported; later values like this are only counted", "device", d.Name, "property", r.Property, "error", err)
		}
		return v, false
	}
	if coalesced {
		b.counts.Coalesced++
	}
	return v, true
}

// flush sends what is due of a device, now or as soon as it may.
func (b *Bridge) flush(d *device) {
	b.mu.Lock()
	if d.ended || d.sending || d.unknown || b.away || b.ctx.Err() != nil {
		b.mu.Unlock()
		return
	}
	if wait := time.Until(d.next); wait > 0 {
		if d.timer == nil {
			d.timer = time.AfterFunc(wait, func() { b.wake(d) })
		}
		b.mu.Unlock()
		return
	}
	values := d.due()
	if len(values) == 0 {
		b.mu.Unlock()
		return
	}
	d.sending, d.next = true, time.Now().Add(b.options.Spacing)
	of, sent := d.Device, sending{time.Now(), b.renewals}
	b.mu.Unlock()
	b.transport.Report(of, values, func(err error) { b.outcome(d, values, sent, err) })
}

// sending is when a report was sent, and after how many renewals.
type sending struct {
	at       time.Time
	renewals uint64
}

func (b *Bridge) wake(d *device) {
	b.mu.Lock()
	d.timer = nil
	b.mu.Unlock()
	b.flush(d)
}

// outcome takes what became of a report.
func (b *Bridge) outcome(d *device, values []Value, sent sending, err error) {
	var refusal *Refusal
	b.mu.Lock()
	if d.ended {
		b.mu.Unlock()
		return
	}
	d.sending = false
	switch {
	case err == nil:
		b.counts.Reports++
		d.accepted(values)
	case errors.As(err, &refusal):
		b.counts.Refused++
		b.refused(d, values, refusal)
	case errors.Is(err, ErrNotConnected):
		d.remain(values)
		b.away = sent.renewals == b.renewals // else there is another connection already
	default:
		d.remain(values)
		b.unanswered(d, sent, err)
	}
	answered := err == nil || refusal != nil
	if answered {
		b.answered, d.unheard = time.Now(), false
	}
	back := b.silent && answered
	if back {
		b.silent = false
		b.log.Info("edgecore answers again; all is reported anew")
	}
	var all []Device
	if back {
		for _, d := range b.devices {
			all = append(all, d.Device)
		}
	}
	b.mu.Unlock()
	if back { // it may have been started anew
		for _, d := range all {
			b.transport.Watch(d)
		}
		b.again((*device).renew)
		return
	}
	b.flush(d)
}

// unanswered notes a report that edgecore has not answered. If it has answered
// others meanwhile, and this device's not twice, it does not listen to its id.
// The lock is held.
func (b *Bridge) unanswered(d *device, sent sending, err error) {
	switch {
	case b.answered.After(sent.at):
		if d.unheard {
			d.unknown = true
			b.warn(d, "unheard", "edgecore answers, but not for this device; it is asked again from time to time. Check the id and the setting DeviceIDs", "error", err)
		}
		d.unheard = true
	case !b.silent:
		b.silent = true
		b.log.Warn("reports are not answered; the last values are kept and reported again", "error", err)
	}
}

// warn logs something of a device once. The lock is held.
func (b *Bridge) warn(d *device, key, text string, args ...any) {
	if !d.warned[key] {
		d.warned[key] = true
		b.log.Warn(text, append([]any{"device", d.Name, "id", d.ID}, args...)...)
	}
}

// refused notes what edgecore does not take. A report of many properties is
// refused for one of them: each goes by itself then. The lock is held.
func (b *Bridge) refused(d *device, values []Value, r *Refusal) {
	switch {
	case r.Code == unknownDevice:
		d.unknown = true
		d.remain(values)
		b.warn(d, "unknown", "edgecore does not know the device; it is asked again from time to time. Check the id and the setting DeviceIDs", "error", r)
	case len(values) == 1:
		d.each(values, func(p *last) { p.alone, p.refused = true, &values[0].Text })
		b.warn(d, "refused "+values[0].Property, "value is refused; it is not reported again before it changes", "property", values[0].Property, "value", values[0].Text, "error", r)
	default:
		d.each(values, func(p *last) { p.alone, p.due = true, true })
	}
}

func (d *device) accepted(values []Value) {
	d.each(values, func(p *last) { p.alone, p.refused = false, nil })
	for _, v := range values {
		delete(d.warned, "refused "+v.Property)
	}
	delete(d.warned, "unknown")
	delete(d.warned, "unheard")
}

// remain keeps values due that were not taken.
func (d *device) remain(values []Value) {
	d.each(values, func(p *last) { p.due = true })
}

// each does something with what is known of the properties of a report, but for
// those that were taken out while it was under way.
func (d *device) each(values []Value, do func(*last)) {
	for _, v := range values {
		if p := d.last[v.Property]; p != nil {
			do(p)
		}
	}
}
