package connector

import "testing"

// Types of sources and lookup tables are found in any case: in statements they
// are words.
func TestTypesInAnyCase(t *testing.T) {
	type none struct{}
	r := NewRegistry()
	AddSource(r, SourceSpec[none]{Name: "redisSub"})
	AddLookup(r, LookupSpec[none]{Name: "redisTable"})
	for _, name := range []string{"redisSub", "redissub", "REDISSUB"} {
		if info, err := r.Source(name); err != nil || info.Name != "redisSub" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if info, err := r.Lookup("redistable"); err != nil || info.Name != "redisTable" {
		t.Error(err)
	}
	if _, err := r.Source("redisSubs"); err == nil || err.Error() != `unknown source type "redisSubs"; did you mean "redisSub"?` {
		t.Error(err)
	}
	if _, err := r.Lookup("redisSub"); err == nil {
		t.Error("a source is a lookup table")
	}
}
