package hub

// Keep keeps the connections of streams that are open now, until release is
// called: for a rule that ends and begins anew at once. What comes meanwhile
// waits for its new beginning, unless that takes longer than a moment.
func (h *Hub) Keep(names []string) (release func()) {
	kept := h.keep(names)
	open := holdBack(kept)
	return func() {
		open()
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, src := range kept {
			src.keepers--
			h.drop(src)
		}
	}
}

// keep notes that the sources of streams are kept.
func (h *Hub) keep(names []string) (kept []*source) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, name := range names {
		if st, ok := h.streams[name]; ok {
			st.source.keepers++
			kept = append(kept, st.source)
		}
	}
	return kept
}

// drop ends a source that has no streams, and that nobody keeps. Hub.mu is held.
func (h *Hub) drop(src *source) {
	if src.keepers == 0 && src.idle() && h.sources[src.key] == src {
		delete(h.sources, src.key)
		src.stop()
	}
}
