package plan

import "sluice/sqlengine/diag"

// joined finds the streams and tables of the joins.
func (b *builder) joined() bool {
	for _, j := range b.query.Joins {
		b.find(diag.Unsupported, j.Span, "", "%s JOIN is not supported yet", j.Kind)
	}
	return true
}

// joinParts binds the conditions of the joins.
func (b *builder) joinParts() []JoinPart { return nil }

// joinsStreams tells of a query that waits for the rows of several streams.
func (b *builder) joinsStreams() bool {
	streams := 0
	for _, s := range b.sources {
		if !s.IsTable() {
			streams++
		}
	}
	return streams > 1
}

// merge is the step that gives the rows of several streams one form.
func (b *builder) merge() Step {
	if !b.joinsStreams() {
		return nil
	}
	return &Merge{}
}

// addJoin adds the step that combines rows.
func (b *builder) addJoin(p *Plan, parts []JoinPart) {
	if len(parts) > 0 {
		p.add(&Join{Tag: Computed, Parts: parts})
	}
}
