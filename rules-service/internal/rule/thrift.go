package rule

import (
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

// many rules that change at once are worth being thrifty with memory for.
const many = 1000

// thriftyPercent is how much may become garbage, in percent of what is in use,
// while many rules are made. What lasts is made between what does not: the more
// of that there is at a time, the more memory is left with holes in it.
const thriftyPercent = 20

// thrift is one of the process, as the garbage collector is.
var thrift struct {
	sync.Mutex
	users  int
	before int // percent
}

// thrifty collects garbage more often until end is called.
func thrifty() (end func()) {
	thrift.Lock()
	defer thrift.Unlock()
	if thrift.users++; thrift.users == 1 {
		thrift.before = debug.SetGCPercent(thriftyPercent)
		if thrift.before < thriftyPercent { // somebody wants less than that, or no collection at all
			debug.SetGCPercent(thrift.before)
		}
	}
	return func() {
		thrift.Lock()
		defer thrift.Unlock()
		if thrift.users--; thrift.users == 0 {
			debug.SetGCPercent(thrift.before)
		}
	}
}

// answerTime is how long after a change its request may still hold memory, and
// the sources that it has made take to connect.
const answerTime = 2 * time.Second

// giveBack returns memory to the system when the change that needed it is over.
// Pools let go of theirs at the second collection.
func (m *Manager) giveBack() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.spare == nil {
		m.spare = time.AfterFunc(answerTime, func() {
			runtime.GC()
			debug.FreeOSMemory()
			if m.more != nil {
				m.more()
			}
		})
		return
	}
	m.spare.Reset(answerTime)
}

// keepSpare gives nothing back any more.
func (m *Manager) keepSpare() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.spare != nil {
		m.spare.Stop()
	}
}
