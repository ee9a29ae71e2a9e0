package exec

import (
	"sluice/sqlengine/function"
	"sluice/sqlengine/value"
)

// copyWindow keeps the bounds of the window that is being emitted, for rows
// that wait.
func copyWindow(w *function.Window) *function.Window {
	if w == nil {
		return nil
	}
	bounds := *w
	return &bounds
}

func snapshotWindow(e *value.Encoder, w *function.Window) {
	e.Bool(w != nil)
	if w != nil {
		e.Int(w.Start)
		e.Int(w.End)
		e.Int(w.Trigger)
	}
}

func restoreWindow(d *value.Decoder) *function.Window {
	if !d.Bool() {
		return nil
	}
	return &function.Window{Start: d.Int(), End: d.Int(), Trigger: d.Int()}
}
