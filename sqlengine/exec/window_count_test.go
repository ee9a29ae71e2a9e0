package exec_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"sluice/sqlengine/function"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// countByDefinition is COUNTWINDOW by its definition.
type countByDefinition struct {
	size, every int
	partition   bool
}

func (c countByDefinition) sql() string {
	text := fmt.Sprintf("COUNTWINDOW(%d, %d)", c.size, c.every)
	if c.partition {
		text += " OVER (PARTITION BY p)"
	}
	return text
}

func (c countByDefinition) settings() plan.Settings { return plan.Settings{} }

func (c countByDefinition) results(rows []sample) (list []emission, taken []bool) {
	parts := map[string][]int{}
	for i, r := range rows {
		key := ""
		if c.partition {
			key = string(value.AppendKey(nil, r.partition))
		}
		parts[key] = append(parts[key], i)
		taken = append(taken, true)
		if n := len(parts[key]); n >= c.size && n%c.every == 0 {
			list = append(list, emission{function.Window{Start: r.time, End: r.time, Trigger: r.time}, parts[key][n-c.size:]})
		}
	}
	return list, taken
}

func anyCount(t *rapid.T) lookback {
	size := rapid.IntRange(1, 8).Draw(t, "size")
	return countByDefinition{size: size, every: rapid.IntRange(1, size).Draw(t, "every"), partition: rapid.Bool().Draw(t, "partition")}
}

func TestCountAgainstModel(t *testing.T)            { checkLookback(t, anyCount) }
func TestCountInEventTimeAgainstModel(t *testing.T) { checkLookbackLate(t, anyCount) }
