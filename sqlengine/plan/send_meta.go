package plan

import (
	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
)

// metaColumn is where Settings.SendMeta puts the metadata.
const metaColumn = "__meta"

// sendMeta adds the metadata of each row to what the query selects.
func (b *builder) sendMeta() {
	if !b.settings.SendMeta {
		return
	}
	if q := b.query; len(q.Joins)+len(q.Windows)+len(q.Group) > 0 {
		b.find(diag.Misplaced, q.From.Span, "Select meta(*) where it is wanted.", "the option sendMetaToSink does not go with JOIN and GROUP BY: a result has the metadata of no single row")
		return
	}
	item, err := syntax.ParseSelect("SELECT meta(*) AS " + metaColumn + " FROM x")
	if err != nil {
		panic(err) // the text is a constant
	}
	b.query.Items = append(b.query.Items, item.Items...)
}
