package rule

import "sluice/sqlengine"

// onRowError is complain or, when the rule wants its sinks to hear of rows that
// fail, that and a message for each sink.
func (r *run) onRowError(def *Definition, complain func(*sqlengine.RowError)) func(*sqlengine.RowError) {
	if !def.Options.SendError {
		return complain
	}
	return func(e *sqlengine.RowError) {
		complain(e)
		for _, t := range r.targets {
			t.PushError(e)
		}
	}
}
