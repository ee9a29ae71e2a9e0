package rule

import (
	"time"

	"sluice/sqlengine"
)

// Options are the settings of a rule that have an effect here. The others are
// read, checked and accepted.
type Options struct {
	Query   sqlengine.Options
	Restart RestartStrategy
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
	readUnsupported(o)
	readSchedule(o)

	// These change no result here: parallel work keeps order anyway, queues
	// never drop to make room, and results are computed the fast way always.
	o.boolean("debug", false)
	o.text("logFilename")
	o.count("concurrency", 1)
	o.count("bufferLength", 0)
	o.duration("checkpointInterval", 0)
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

// readUnsupported refuses options without which the results would differ.
func readUnsupported(o *object) {
	if o.boolean("sendMetaToSink", false) {
		o.note.fail("options.sendMetaToSink is not supported yet; select meta(*) instead")
	}
	if o.count("qos", 0) > 0 {
		o.note.fail("options.qos above 0 is not supported yet; set it to 0")
	}
	if o.boolean("sendError", false) {
		o.note.warn("options.sendError has no effect yet: errors are counted in the status and not sent to the sinks")
	}
}

func readSchedule(o *object) {
	if o.text("cron") != "" || o.duration("duration", 0) > 0 {
		o.note.fail("options.cron and options.duration are not supported yet; start and stop the rule instead")
	}
	if raw, ok := o.take("cronDatetimeRange"); ok && string(raw) != "[]" {
		o.note.fail("options.cronDatetimeRange is not supported yet; start and stop the rule instead")
	}
}

// readQuery reads what changes the results of the query. idleTimeout and params
// are additions to the dialect.
func readQuery(o *object) sqlengine.Options {
	q := sqlengine.Options{
		SendNil:       o.boolean("sendNilField", false),
		EventTime:     o.boolean("isEventTime", false),
		LateTolerance: o.duration("lateTolerance", sqlengine.DefaultLateTolerance),
		IdleTimeout:   o.duration("idleTimeout", 0),
		Params:        readParams(o.child("params")),
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

func readRestart(o *object) RestartStrategy {
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
	return s
}
