package rule

import (
	"log/slog"

	"sluice/sqlengine"
)

// onRowError logs a row that fails and, when the rule wants its sinks to hear of
// it, sends each of them a message.
func (r *run) onRowError(def *Definition, log *slog.Logger) func(*sqlengine.RowError) {
	return func(e *sqlengine.RowError) {
		r.complain(log, def.ID, e)
		if !def.Options.SendError {
			return
		}
		for _, t := range r.targets {
			t.PushError(e)
		}
	}
}
