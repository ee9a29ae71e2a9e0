package servers

import "testing"

// A port that one test process has is given to no other: a lock counts for
// each opening of its file, in whatever process.
func TestPortsAreGivenOnce(t *testing.T) {
	given := map[int]bool{}
	for range 100 {
		p := FreePort(t)
		if given[p] {
			t.Errorf("port %d was given twice", p)
		}
		given[p] = true
		if mine, err := reserve(p); mine || err != nil {
			t.Errorf("port %d can be taken again: %v, %v", p, mine, err)
		}
	}
}
