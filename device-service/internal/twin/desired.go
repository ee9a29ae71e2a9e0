package twin

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

const (
	// firstRetry and longestRetry lie between two attempts to set one value:
	// edgecore asks for it at each report until it is set.
	firstRetry, longestRetry = 5 * time.Second, 5 * time.Minute
	// wantedLimit is how many properties of a device may wait to be set.
	wantedLimit = 256
)

// wanted are the values that the cloud wants of a device. They are set in the
// order in which they came, one at a time; of two for one property the last.
type wanted struct {
	order   []string
	values  map[string]wish
	current wish // being set; of the property now
	now     string
	tried   map[string]try
	running bool
}

type wish struct {
	text   string
	answer func(string, Value, error)
}

// try is the last attempt to set a property.
type try struct {
	text   string
	actual Value
	err    error
	pause  time.Duration
	again  time.Time // not before
}

func newWanted() wanted { return wanted{values: map[string]wish{}, tried: map[string]try{}} }

// Desire is told of values that the cloud wants, by property.
func (b *Bridge) Desire(name string, values map[string]string, answer func(property string, actual Value, err error)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	d := b.devices[name]
	if answer == nil {
		answer = func(string, Value, error) {}
	}
	for _, property := range slices.Sorted(maps.Keys(values)) {
		if d == nil || d.ended || b.ctx.Err() != nil {
			answer(property, Value{}, ErrNotNow)
			continue
		}
		if d.wanted.wants(property, wish{values[property], answer}) {
			continue
		}
		b.counts.NotSet++
		answer(property, Value{}, ErrNotNow)
		b.log.Warn("desired value is dropped: too many properties wait to be set", "device", name, "property", property, "limit", wantedLimit)
	}
	if d != nil && len(d.wanted.order) > 0 && !d.wanted.running {
		d.wanted.running = true
		b.work.Go(func() { b.setAll(d) })
	}
}

// wants notes a wish; false: there are too many.
func (w *wanted) wants(property string, new wish) bool {
	late := func(one wish) bool {
		one.answer(property, Value{}, ErrNotNow)
		return true
	}
	old, waits := w.values[property]
	switch {
	case waits && old.text == new.text, w.now == property && !waits && w.current.text == new.text:
		return late(new) // it is on its way
	case waits:
		w.values[property] = new
		return late(old)
	}
	if t, ok := w.tried[property]; ok && t.text == new.text && time.Now().Before(t.again) {
		new.answer(property, t.actual, t.err)
		return true
	}
	if len(w.order) >= wantedLimit {
		return false
	}
	w.values[property] = new
	w.order = append(w.order, property)
	return true
}

// setAll sets what is wanted of a device until nothing is left.
func (b *Bridge) setAll(d *device) {
	for {
		b.mu.Lock()
		w := &d.wanted
		if len(w.order) == 0 || d.ended || b.ctx.Err() != nil {
			w.running, w.now = false, ""
			for property, one := range w.values {
				one.answer(property, Value{}, ErrNotNow)
			}
			clear(w.values)
			b.mu.Unlock()
			return
		}
		property := w.order[0]
		w.order = w.order[1:]
		w.now, w.current = property, w.values[property]
		delete(w.values, property)
		one := w.current
		b.mu.Unlock()
		b.set(d, property, one)
	}
}

// set sets one property and reports what it is then.
func (b *Bridge) set(d *device, property string, want wish) {
	r, err := b.options.Set(b.ctx, d.Name, property, want.text)
	if b.ctx.Err() != nil {
		want.answer(property, Value{}, ErrNotNow)
		return
	}
	var actual Value
	b.mu.Lock()
	if err == nil {
		d.of(property).desired = want.text
		var ok bool
		if actual, ok = b.take(d, r, true); ok && !same(actual.Text, want.text) {
			err = fmt.Errorf("the device has %s after it was set", actual.Text)
		}
	}
	b.tried(d, property, try{text: want.text, actual: actual, err: err, pause: firstRetry})
	if err == nil {
		b.counts.Set++
	} else {
		b.counts.NotSet++
	}
	d.next = time.Time{} // an answer is not held back
	b.mu.Unlock()
	want.answer(property, actual, err)
	b.flush(d)
}

// tried notes an attempt. Each that does not do what it should makes the pause
// before the next longer. The lock is held.
func (b *Bridge) tried(d *device, property string, t try) {
	before, repeated := d.wanted.tried[property]
	repeated = repeated && before.text == t.text
	text, err := t.text, t.err
	if err != nil && repeated && before.err != nil {
		t.pause = min(2*before.pause, longestRetry)
	}
	t.again = time.Now().Add(t.pause)
	if !repeated && len(d.wanted.tried) >= wantedLimit {
		clear(d.wanted.tried) // the cloud makes up names
	}
	d.wanted.tried[property] = t
	switch {
	case err == nil:
		b.log.Info("desired value is set", "device", d.Name, "property", property, "value", text)
	case !repeated || before.err == nil || before.err.Error() != err.Error():
		b.log.Warn("desired value is not set", "device", d.Name, "property", property, "value", text, "error", err)
	}
}
