package main

import "time"

// watch shows something again and again until the context ends. On a terminal
// it is drawn in place; elsewhere, below what was there. A service that is away
// for a while is no reason to end.
func (s *session) watch(every time.Duration, look func() (string, error)) error {
	text, err := look()
	if err != nil {
		return err
	}
	var lost string // the error that was shown last
	for first := true; ; first = false {
		switch {
		case err == nil:
			s.redraw(text, first)
			lost = ""
		case s.ctx.Err() == nil && err.Error() != lost:
			lost = err.Error()
			s.notef("%s %s\n", time.Now().Format(time.TimeOnly), lost)
		}
		select {
		case <-s.ctx.Done():
			return nil
		case <-time.After(every):
			text, err = look()
		}
	}
}

func (s *session) redraw(text string, first bool) {
	const home, clearBelow = "\x1b[H", "\x1b[J"
	switch {
	case s.draws:
		s.printf("%s%s%s\n\n%s", home, clearBelow, time.Now().Format(time.TimeOnly), text)
	case !first && s.tables():
		s.printf("\n%s", text)
	case !first && s.form == "yaml":
		s.printf("---\n%s", text)
	default:
		s.printf("%s", text)
	}
}
