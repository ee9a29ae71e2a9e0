package hub

// subscribe connects a source of what rules write before anything runs: rows
// that a rule sends as soon as it is started must find who reads them. Nobody
// is reached by that, so it takes no time; run does it once more.
func (s *source) subscribe(inner bool) {
	if s.inner = inner; inner {
		if err := s.guard(func() error { return s.conn.Connect(&s.ctx) }); err != nil {
			s.hub.env.Log.Debug("subscribing early", "connector", s.typ, "error", err)
		}
	}
}

// makeWay lets rules catch up with what other rules send them, before more
// comes from outside.
func (s *source) makeWay() {
	if !s.inner {
		s.hub.reg.Congestion().Wait(&s.ctx)
	}
}
