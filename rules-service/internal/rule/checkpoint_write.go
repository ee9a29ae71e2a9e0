package rule

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"

	"sluice/rules-service/internal/hub"
	"sluice/rules-service/internal/store"
)

// settlers is how many targets are waited for at a time.
const settlers = 16

// settleAll waits until what the rules have yielded is safe.
func settleAll(ctx context.Context, list []*unsaved) error {
	work := make(chan *unsaved)
	errs := make(chan error, settlers)
	for range settlers {
		go func() {
			var first error
			for u := range work {
				if first == nil {
					first = u.settle(ctx)
				}
			}
			errs <- first
		}()
	}
	for _, u := range list {
		work <- u
	}
	close(work)
	var err error
	for range settlers {
		if e := <-errs; err == nil {
			err = e
		}
	}
	return err
}

func (u *unsaved) settle(ctx context.Context) error {
	for i, t := range u.run.targets {
		if err := t.Settle(ctx, u.marks[i]); err != nil {
			return err
		}
	}
	return nil
}

// write stores what has changed: all of it, or nothing.
func (c *checkpoints) write(moment *hub.Moment, list map[string]*unsaved) error {
	gone := c.takeOutdated()
	documents, sums := c.documents(list, gone)
	var written []string
	if len(documents)+len(gone) > 0 || !sameJournal(&c.moment, moment) {
		err := c.m.store.Update(func(tx *store.Tx) error {
			errs := []error{tx.PutDocument(momentDocuments, store.Document{Key: momentKey, Data: encodeMoment(moment)})}
			for id := range gone {
				errs = append(errs, tx.DeleteDocument(stateDocuments, id))
			}
			for _, d := range documents {
				if r, err := c.m.find(d.Key); err == nil && !r.look().def.Temp && !list[d.Key].run.forgotten.Load() {
					errs = append(errs, tx.PutDocument(stateDocuments, d))
					written = append(written, d.Key)
				}
			}
			return errors.Join(errs...)
		})
		if err != nil {
			c.giveBack(gone)
			return fmt.Errorf("store the checkpoint: %w", err)
		}
		c.moment = *moment
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for id := range gone {
		delete(c.sums, id)
	}
	for _, id := range written {
		c.sums[id] = sums[id]
	}
	for id, u := range list {
		if c.unsaved[id] == u {
			delete(c.unsaved, id)
		}
	}
	return nil
}

func sameJournal(a, b *hub.Moment) bool {
	return a.Next == b.Next && len(a.Behind) == 0 && len(b.Behind) == 0
}

// documents are those that are not on disk as they are.
func (c *checkpoints) documents(list map[string]*unsaved, gone map[string]bool) ([]store.Document, map[string]uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var documents []store.Document
	sums := map[string]uint32{}
	for id, u := range list {
		data := u.encode()
		sum := crc32.ChecksumIEEE(data)
		if old, ok := c.sums[id]; ok && old == sum && !gone[id] {
			continue
		}
		sums[id] = sum
		documents = append(documents, store.Document{Key: id, Data: data})
	}
	return documents, sums
}

func (c *checkpoints) takeOutdated() map[string]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	gone := c.outdated
	c.outdated = map[string]bool{}
	return gone
}

func (c *checkpoints) giveBack(gone map[string]bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id := range gone {
		c.outdated[id] = true
	}
}
