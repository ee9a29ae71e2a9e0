package rule

import (
	"log/slog"

	"sluice/sqlengine"
)

// onRowError logs a row that fails and, when the rule or an action wants its sink
// to hear of it, sends it a message.
func (r *run) onRowError(def *Definition, log *slog.Logger) func(*sqlengine.RowError) {
	return func(e *sqlengine.RowError) {
		r.complain(log, def.ID, e)
		for _, t := range r.targets {
			if def.Options.SendError || t.WantsErrors() {
				t.PushError(e)
			}
		}
	}
}
