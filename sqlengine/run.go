package sqlengine

import "sluice/sqlengine/exec"

// Env is what the host gives to a running query.
type Env = exec.Env

// Run is a query at work. It is driven by one goroutine; only Stats may be
// called by others.
type Run = exec.Run

// RowError tells of a row, or a group, that could not be evaluated.
type RowError = exec.RowError

// Lookup answers for a lookup table.
type Lookup = exec.Lookup

// ScanTable is what a run keeps of a scan table.
type ScanTable = exec.ScanTable

// OpStats are the counters of one operator.
type OpStats = exec.OpStats

// Open starts the query: its results are pushed to out.
func (q *Query) Open(env Env, out exec.Operator) (*Run, error) { return exec.Open(q.plan, env, out) }
