package function

import (
	"fmt"

	"sluice/sqlengine/value"
)

var lag = &Analytic{
	Name: "lag", Section: analytics,
	Summary: "The value of so many rows ago, one unless said otherwise; before that the default. Unless the last argument is false, rows with NULL are not stored; they see what the row behind them would.",
	Params:  []Param{Any, Int, Any, Bool}, Optional: 3, Literals: []int{1},
	Result: func(args []Arg) value.Kind {
		if len(args) > 2 && args[2].Kind != value.Null && args[2].Kind != args[0].Kind {
			return value.Null
		}
		return args[0].Kind
	},
	Prepare: prepareLag,
	Examples: []AnalyticExample{
		{`lag(a)`, `[{"a":1},{"a":2},{"a":3}]`, `[null,1,2]`},
		{`lag(a, 2, 0)`, `[{"a":1},{"a":2},{"a":3}]`, `[0,0,1]`},
		{`lag(a)`, `[{"a":1},{"a":null},{"a":3},{"a":4}]`, `[null,1,1,3]`},
		{`lag(a, 1, 0, false)`, `[{"a":1},{"a":null},{"a":3},{"a":4}]`, `[0,1,null,3]`},
		{`lag(a, 1, b)`, `[{"a":1,"b":9},{"a":2,"b":8}]`, `[9,1]`},
	},
}

// longestLag bounds what a call can ask to be kept for each partition.
const longestLag = 1_000_000

func prepareLag(args []Arg) (func() Memory, error) {
	size := int64(1)
	if len(args) > 1 && !args[1].Value.IsNull() {
		v, err := Int.convert(&Context{}, args[1].Value)
		if err != nil {
			return nil, err
		}
		size = v.Int()
	}
	if size < 0 || size > longestLag {
		return nil, &BindError{Arg: 1, Msg: fmt.Sprintf("lag looks back 0 to %d rows, not %d", longestLag, size)}
	}
	return func() Memory { return &lagging{size: int(size)} }, nil
}

// lagging keeps the last values, the oldest at the place that is written next.
type lagging struct {
	size int
	ring []value.Value
	at   int
}

func (m *lagging) Next(args []value.Value) (value.Value, error) {
	if m.size == 0 {
		return args[0], nil
	}
	v := m.Skip(args)
	ignoreNull := len(args) < 4 || args[3].True()
	switch {
	case ignoreNull && args[0].IsNull():
	case len(m.ring) < m.size:
		m.ring = append(m.ring, args[0])
	default:
		m.ring[m.at] = args[0]
		m.at = (m.at + 1) % m.size
	}
	return v, nil
}

func (m *lagging) Skip(args []value.Value) value.Value {
	switch {
	case m.size == 0:
		return args[0]
	case len(m.ring) == m.size:
		return m.ring[m.at]
	case len(args) > 2:
		return args[2]
	}
	return value.Value{}
}

func (m *lagging) Snapshot(e *value.Encoder) {
	e.Values(m.ring)
	e.Uint(uint64(m.at))
}

func (m *lagging) Restore(d *value.Decoder) {
	m.ring = d.Values()
	at := d.Uint()
	if len(m.ring) > m.size || at > 0 && at >= uint64(len(m.ring)) {
		d.Fail(fmt.Errorf("lag: %d values, the oldest at %d", len(m.ring), at))
		m.ring, at = nil, 0
	}
	m.at = int(at)
}
