package hub

// vacate is sweep for one stream, which a rule has just left: thousands of
// rules may leave at once, each a stream of its own.
func (h *Hub) vacate(st *stream) {
	if len(st.shards) > 0 || h.streams[st.def.Name] != st {
		return
	}
	delete(h.streams, st.def.Name)
	st.source.remove(st)
	h.drop(st.source)
}
