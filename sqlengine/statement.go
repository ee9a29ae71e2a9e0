package sqlengine

import "sluice/sqlengine/plan"

// Statement is a parsed statement about streams or tables.
type Statement = plan.Statement

// Verb is what a Statement does.
type Verb = plan.Verb

// The statements.
const (
	Create   = plan.Create
	Show     = plan.Show
	Describe = plan.Describe
	Explain  = plan.Explain
	Drop     = plan.Drop
)

// ParseStatement reads a CREATE, SHOW, DESCRIBE, EXPLAIN or DROP statement.
// The error is a diag.List.
func ParseStatement(text string) (Statement, error) { return plan.ParseStatement(text) }
