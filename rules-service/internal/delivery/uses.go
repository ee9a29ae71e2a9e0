package delivery

// Use is an action on a named connection.
type Use struct {
	Connection string // its name
	Status     Status
	Message    string // why it was lost last
}

// Uses are the actions that are open on named connections.
func (p *Pool) Uses() []Use {
	p.mu.Lock()
	workers := make([]*worker, 0, len(p.workers))
	for _, w := range p.workers {
		workers = append(workers, w)
	}
	p.mu.Unlock()
	var uses []Use
	for _, w := range workers {
		w.mu.Lock()
		for _, t := range w.targets {
			if t.named != "" {
				uses = append(uses, Use{t.named, w.status, w.lastDownMessage})
			}
		}
		w.mu.Unlock()
	}
	return uses
}
