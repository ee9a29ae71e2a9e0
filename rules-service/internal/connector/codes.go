package connector

import (
	"slices"
	"time"
)

// Codes class the numbers by which a server reports errors in its answers.
// Those in none of the classes are for good: what is refused can be looked at
// and sent again as a dead letter, while an attempt that never succeeds would
// hold up everything behind it.
type Codes struct {
	Busy  []int                 // may pass at any moment
	Later map[int]time.Duration // pass after about so long
	Token []int                 // are about the access token
}

// Outcome is an answer as Judge looks at it.
type Outcome struct {
	OK      bool // by the HTTP status
	Passing bool // the HTTP status may change by itself
	Code    int
	Coded   bool          // there is a Code
	After   time.Duration // that the server asks to wait; 0: it does not say
	Failure error         // the answer as an error
}

// Judge tells success from failure, and a failure for good from one that is
// worth another attempt.
func (c Codes) Judge(o Outcome) error {
	after := max(o.After, c.Later[o.Code])
	switch {
	case o.OK && o.Coded && o.Code == 0:
		return nil
	case !c.passes(o):
		return &Permanent{Err: o.Failure}
	case after > 0:
		return &RetryAfter{Err: o.Failure, After: after}
	}
	return o.Failure
}

// RefusesToken tells whether the answer is about the access token.
func (c Codes) RefusesToken(o Outcome) bool { return o.Coded && slices.Contains(c.Token, o.Code) }

// passes tells whether another attempt may succeed. An answer of success without
// a code is that of somebody else, such as a proxy.
func (c Codes) passes(o Outcome) bool {
	switch {
	case !o.OK && o.Passing, o.OK && !o.Coded:
		return true
	case !o.Coded:
		return false
	}
	return slices.Contains(c.Busy, o.Code) || slices.Contains(c.Token, o.Code) || c.Later[o.Code] > 0
}
