package rule

import (
	"time"

	"sluice/sqlengine"
)

// Options are the settings of a rule that have an effect here. The others are
// read, checked and accepted.
type Options struct {
	Query   sqlengine.Options
	From    map[string]string // queries that parameters are bound to, by their names; nil: none is
	Restart *RestartStrategy
	// SendError sends the text of a row's error to the sinks.
	SendError bool
	Schedule  *Schedule // nil: the rule runs whenever it is wanted to
	// QoS 1 keeps the rule's state over restarts, and what its sources can wait
	// for reaches its sinks at least once. 2 is the same.
	QoS                int
	CheckpointInterval time.Duration // 0: the default
}

// RestartStrategy says how a rule that failed is started again.
type RestartStrategy struct {
	Attempts   int // Unlimited, or how often in a row
	Delay      time.Duration
	Multiplier float64
	MaxDelay   time.Duration
	Jitter     float64 // the delay varies by this share of itself
}

// Unlimited attempts: a rule is always started again.
const Unlimited = -1

// defaultRestart keeps trying: a rule that met one bad moment must not stay
// down until somebody looks.
var defaultRestart = RestartStrategy{Attempts: Unlimited, Delay: time.Second, Multiplier: 2, MaxDelay: 30 * time.Second, Jitter: 0.1}

func readOptions(o *object) Options {
	opts := Options{Query: readQuery(o), Restart: readRestart(o.child("restartStrategy"))}
	opts.Query.Params, opts.From = readParams(o.child("params"))
	readQoS(o, &opts)
	opts.SendError = o.boolean("sendError", false)
	opts.Schedule = readSchedule(o)

	// These change no result here: parallel work keeps order anyway, queues
	// never drop to make room, and results are computed the fast way always.
	o.boolean("debug", false)
	o.text("logFilename")
	o.count("concurrency", 1)
	o.count("bufferLength", 0)
	o.boolean("notifySub", false)
	o.boolean("disableBufferFullDiscard", false)
	o.boolean("enableSaveStateBeforeStop", false)
	o.duration("forceExitTimeout", 0)
	experiment := o.child("experiment")
	experiment.boolean("useSliceTuple", false)
	experiment.warnUnknown()
	o.warnUnknown()
	return opts
}

// leastCheckpointInterval keeps the disk from being written to all the time.
const leastCheckpointInterval = 100 * time.Millisecond

func readQoS(o *object, opts *Options) {
	opts.QoS = o.count("qos", 0)
	switch {
	case opts.QoS > 2:
		o.note.fail("options.qos: there are 0, 1 and 2, not %d", opts.QoS)
	case opts.QoS == 2:
		o.note.warn("options.qos 2 does what 1 does: after a crash a sink may get again what it had")
	}
	opts.CheckpointInterval = o.duration("checkpointInterval", 0)
}

func (o *Options) checkpointInterval() time.Duration {
	if o.CheckpointInterval == 0 {
		return defaultCheckpointInterval
	}
	return max(o.CheckpointInterval, leastCheckpointInterval)
}

// readQuery reads what changes the results of the query. idleTimeout is an
// addition to the dialect.
func readQuery(o *object) sqlengine.Options {
	q := sqlengine.Options{
		SendNil:       o.boolean("sendNilField", false),
		SendMeta:      o.boolean("sendMetaToSink", false),
		EventTime:     o.boolean("isEventTime", false),
		LateTolerance: o.duration("lateTolerance", sqlengine.DefaultLateTolerance),
		IdleTimeout:   o.duration("idleTimeout", 0),
	}
	readPlanOptions(o.child("planOptimizeStrategy"), &q)
	return q
}

func readPlanOptions(o *object, q *sqlengine.Options) {
	o.boolean("enableIncrementalWindow", true)
	o.boolean("enableAliasPushdown", true)
	o.boolean("disableAliasRefCal", false)
	o.has("optimizeControl")
	window := o.child("windowOption")
	switch v := window.text("windowVersion"); v {
	case "", "v1":
	case "v2":
		q.SlidingVersion2 = true
	default:
		window.note.fail("%swindowVersion must be v1 or v2, not %q", window.path, v)
	}
	q.SendTwice = window.boolean("enableSendSlidingWindowTwice", false)
	window.warnUnknown()
	o.warnUnknown()
}

func readRestart(o *object) *RestartStrategy {
	s := defaultRestart
	s.Attempts = o.count("attempts", s.Attempts)
	s.Delay = o.duration("delay", s.Delay)
	s.Multiplier = o.factor("multiplier", s.Multiplier)
	s.MaxDelay = o.duration("maxDelay", s.MaxDelay)
	s.Jitter = o.factor("jitterFactor", s.Jitter)
	if s.Multiplier < 1 {
		s.Multiplier = 1
	}
	if s.Jitter > 1 {
		o.note.fail("%sjitterFactor must be between 0 and 1", o.path)
	}
	o.warnUnknown()
	if s == defaultRestart {
		return &defaultRestart // thousands of rules share it
	}
	return &s
}
