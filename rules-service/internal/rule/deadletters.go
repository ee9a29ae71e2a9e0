package rule

import (
	"context"

	"sluice/rules-service/internal/delivery"
)

// DeadLetters returns the newest messages that no attempt brought through, at
// most limit, the oldest of them first, and how many there are.
func (m *Manager) DeadLetters(f delivery.LetterFilter, limit int) ([]delivery.DeadLetter, int, error) {
	return m.pool.DeadLetters(f, limit)
}

// ReplayDeadLetters sends them again: see delivery.Pool.
func (m *Manager) ReplayDeadLetters(ctx context.Context, f delivery.LetterFilter) (delivery.Replayed, error) {
	return m.pool.Replay(ctx, f)
}

// DropDeadLetters forgets them, and tells how many.
func (m *Manager) DropDeadLetters(f delivery.LetterFilter) (int, error) {
	return m.pool.DropDeadLetters(f)
}
