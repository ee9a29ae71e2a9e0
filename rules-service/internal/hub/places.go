package hub

import "slices"

// places are the rules of one stream by their shards, of which there are few.
type places []place

type place struct {
	shard *shard
	rules int // at least one
}

func (l places) of(s *shard) int {
	return slices.IndexFunc(l, func(x place) bool { return x.shard == s })
}

// enter counts one more rule.
func (l *places) enter(s *shard) {
	if i := l.of(s); i >= 0 {
		(*l)[i].rules++
		return
	}
	*l = append(*l, place{s, 1})
}

// leave counts one rule less; enter has counted it.
func (l *places) leave(s *shard) {
	i := l.of(s)
	if (*l)[i].rules--; (*l)[i].rules == 0 {
		*l = slices.Delete(*l, i, i+1)
	}
}
