package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/sqlengine/diag"
)

// Prefixes of environment variables.
const (
	ownPrefix    = "RULES_"
	kuiperPrefix = "KUIPER__"
	secretPrefix = "RULES_SECRET_"
)

// key is one setting: its place in section Rules, its names and its meaning.
type key struct {
	name   string   // "RestTLS.CertFile"
	kuiper []string // eKuiper's variables, without their prefix
	live   bool     // a change in the configuration provider counts at once
	field  func(s *settings) any
	doc    string
}

// keys are all settings. The table in docs/operations.md is made of them.
var keys = slices.Concat([]key{
	{"Host", []string{"BASIC__RESTIP"}, false, func(s *settings) any { return &s.Host }, "Address of the rules API; 0.0.0.0 for all of the machine."},
	{"Port", []string{"BASIC__RESTPORT"}, false, func(s *settings) any { return &s.Port }, "Port of the rules API."},
	{"RestTLS.CertFile", []string{"BASIC__RESTTLS__CERTFILE"}, false, func(s *settings) any { return &s.CertFile }, "Certificate of the rules API, as PEM; with it the API speaks HTTPS alone."},
	{"RestTLS.KeyFile", []string{"BASIC__RESTTLS__KEYFILE"}, false, func(s *settings) any { return &s.KeyFile }, "Key of the certificate, as PEM."},
	{"Authentication", []string{"BASIC__AUTHENTICATION"}, false, func(s *settings) any { return &s.Authentication }, `"true": requests need a token; "false": everybody may use the API; "": on off loopback and in secure EdgeX.`},
	{"PublicKeys", nil, false, func(s *settings) any { return &s.PublicKeys }, "Folder of public keys, as PEM; tokens that were signed with one of them are taken too."},
	{"DataDir", nil, false, func(s *settings) any { return &s.DataDir }, "Folder of streams, rules, queues and the token. One process at a time uses it."},
	{"EtcDir", nil, false, func(s *settings) any { return &s.EtcDir }, "Folder of configuration keys and connections in eKuiper's files: sources, sinks, connections."},
	{"LogLevel", []string{"BASIC__LOGLEVEL"}, true, func(s *settings) any { return &s.LogLevel }, "trace, debug, info, warn or error; without it EdgeX's Writable.LogLevel counts."},
	{"LogFormat", nil, false, func(s *settings) any { return &s.LogFormat }, `"text", the form of EdgeX's services, or "json", one object a line.`},
	{"Timezone", []string{"BASIC__TIMEZONE"}, true, func(s *settings) any { return &s.Zone }, "Time zone of schedules, and of rules that start from then on: Local, UTC or a name such as Europe/Berlin."},
	{"RulePatrolInterval", []string{"BASIC__RULEPATROLINTERVAL"}, false, func(s *settings) any { return &s.Patrol }, "How soon schedules notice that the clock of the machine was set. They are on time without it."},
	{"GracefulShutdownTimeout", []string{"BASIC__GRACEFULSHUTDOWNTIMEOUT"}, false, func(s *settings) any { return &s.Shutdown }, "How long the end of the service waits for sinks; what is left then goes to disk, so give containers twice that time to stop."},
	{"Metrics.Enabled", []string{"BASIC__PROMETHEUS"}, false, func(s *settings) any { return &s.Metrics }, "Whether /metrics is served, on the port of the API."},
	{"Metrics.MaxRules", nil, true, func(s *settings) any { return &s.MetricsRules }, "How many rules have series of their own; while there are more, their figures are summed up."},
	{"Queues.MaxBytes", nil, false, func(s *settings) any { return &s.QueueBytes }, "Bound of the messages that wait on disk for one connection of sinks."},
	{"Queues.MaxAge", nil, false, func(s *settings) any { return &s.QueueAge }, "Older messages are dropped and counted; 0: none are."},
	{"Queues.SyncEvery", nil, false, func(s *settings) any { return &s.QueueSync }, "0: a message counts as stored when it is on disk; otherwise the disk is told so often, and a loss of power may cost what came since."},
	{"Intake.MaxBytes", nil, false, func(s *settings) any { return &s.IntakeBytes }, "Bound of the journal of what came from sources with acknowledgements; a full one holds them back."},
	{"Intake.SyncEvery", nil, false, func(s *settings) any { return &s.IntakeSync }, "As Queues.SyncEvery, for the journal."},
	{"AESKey", []string{"BASIC__AESKEY"}, false, func(s *settings) any { return &s.AESKey }, "Key of the properties encryption and decryption: 16, 24 or 32 bytes as base64 or, better, secret://NAME/KEY, where the secret store has that."},
	{"DeadLetters.MaxBytes", nil, false, func(s *settings) any { return &s.DeadLetterBytes }, "Bound of the file of messages that no attempt brings through."},
}, reconcileKeys, connectorKeys, optionKeys, sinkKeys)

// reconcileKeys say which folder of definitions is followed.
var reconcileKeys = []key{
	{"Reconcile.Folder", nil, true, func(s *settings) any { return &s.Reconcile.Folder }, "Folder of files with definitions and commands, such as a mounted ConfigMap, which the service follows; see reconcile.md."},
	{"Reconcile.Interval", nil, true, func(s *settings) any { return &s.Reconcile.Interval }, "How often the folder is looked at."},
	{"Reconcile.Prune", nil, true, func(s *settings) any { return &s.Reconcile.Prune }, "What a file brought and no file brings any more is deleted."},
	{"Reconcile.CorrectDrift", nil, true, func(s *settings) any { return &s.Reconcile.CorrectDrift }, "Definitions of files that others have changed are put back at the next look; without it when the file changes."},
}

// optionKeys are the options that rules have unless they set them.
var optionKeys = []key{
	option("SendNilField", boolean, "Columns that are NULL are written."),
	option("SendMetaToSink", boolean, "Messages have the meta data of the row."),
	option("SendError", boolean, "Errors of rows go to the sinks."),
	option("IsEventTime", boolean, "Windows follow the time in the rows."),
	option("LateTolerance", duration, "How late rows may come in event time."),
	option("IdleTimeout", duration, "After so long without rows a stream does not hold event time back."),
	option("Qos", integer, "1: what a source with acknowledgements delivers survives a crash."),
	option("CheckpointInterval", duration, "Pause between two checkpoints."),
	option("EnableSaveStateBeforeStop", boolean, "Accepted: the state is saved at a stop whenever qos asks for it."),
	option("ForceExitTimeout", duration, "Accepted."),
	option("RestartStrategy.Attempts", integer, "How often in a row a rule that failed is started again; without it always."),
	option("RestartStrategy.Delay", duration, "Pause before the first restart."),
	option("RestartStrategy.Multiplier", number, "Each further pause is so many times the one before."),
	option("RestartStrategy.MaxDelay", duration, "The longest pause."),
	option("RestartStrategy.JitterFactor", number, "Pauses vary by this share."),
	option("PlanOptimizeStrategy.WindowOption.WindowVersion", text, "v1 or v2: how sliding windows come out."),
	option("PlanOptimizeStrategy.WindowOption.EnableSendSlidingWindowTwice", boolean, "A sliding window with a delay is sent at its row as well."),
	option("Debug", boolean, "Accepted."),
	option("Concurrency", integer, "Accepted: results never depend on it."),
	option("BufferLength", integer, "Accepted."),
	option("DisableBufferFullDiscard", boolean, "Accepted: rules are held back and drop nothing."),
	option("NotifySub", boolean, "Accepted."),
}

// sinkKeys are the properties that actions have unless they set them.
var sinkKeys = []key{
	sinkKey("EnableCache", boolean), sinkKey("MemoryCacheThreshold", integer), sinkKey("MaxDiskCache", integer), sinkKey("BufferPageSize", integer),
	sinkKey("ResendInterval", duration), sinkKey("CleanCacheAtStop", boolean),
}

func option(name string, k kind, doc string) key {
	return key{"Rule." + name, []string{"RULE__" + variable(name, "__")}, true, func(s *settings) any { return entry{s.Options, name, k} }, doc}
}

func sinkKey(name string, k kind) key {
	return key{"Sink." + name, []string{"SINK__" + variable(name, "__")}, false, func(s *settings) any { return entry{s.Sinks, name, k} },
		"Property " + lowerFirst(name) + " of actions that do not set it."}
}

// variable is a key as part of the name of a variable.
func variable(name, between string) string {
	return strings.ToUpper(strings.ReplaceAll(name, ".", between))
}

// variables are the names of the environment variables of a key, ours first.
func (k *key) variables() []string {
	list := []string{ownPrefix + variable(k.name, "_")}
	for _, name := range k.kuiper {
		list = append(list, kuiperPrefix+name)
	}
	return list
}

func (k *key) set(s *settings, text string) error {
	if text == "" {
		return nil // the default
	}
	return assign(k.field(s), text)
}

// keyNamed finds a key of the section, without regard to case.
func keyNamed(name string) (*key, error) {
	var known []string
	for i := range keys {
		if strings.EqualFold(keys[i].name, name) {
			return &keys[i], nil
		}
		known = append(known, keys[i].name)
	}
	if hint := diag.Nearest(name, known); hint != "" {
		return nil, fmt.Errorf("unknown; did you mean %s?", hint)
	}
	return nil, fmt.Errorf("unknown; see the list in docs/operations.md")
}

// keyOfVariable finds the key of a variable. BASIC__DEBUG is a level.
func keyOfVariable(name string) (*key, bool) {
	if name == kuiperPrefix+"BASIC__DEBUG" {
		return &debugKey, true
	}
	for i := range keys {
		if slices.Contains(keys[i].variables(), name) {
			return &keys[i], true
		}
	}
	return nil, false
}

// debugKey is another way to ask for the level debug.
var debugKey = key{name: "LogLevel", field: func(s *settings) any { return debugSwitch{s} }}

func variables() []string {
	var all []string
	for i := range keys {
		all = append(all, keys[i].variables()...)
	}
	return all
}

// ineffective are how those of eKuiper's variables begin, behind KUIPER__, whose
// settings have no counterpart here, with the reason.
var ineffective = []struct{ prefix, reason string }{
	{"BASIC__CONSOLELOG", "the log goes to the standard output"},
	{"BASIC__FILELOG", "the log goes to the standard output"},
	{"BASIC__LOGDISABLETIMESTAMP", "every line has its time"},
	{"BASIC__SYSLOG__", "the log goes to the standard output"},
	{"BASIC__ROTATE", "the log goes to the standard output"},
	{"BASIC__MAXAGE", "the log goes to the standard output"},
	{"BASIC__IP", "the command line speaks REST"},
	{"BASIC__PORT", "the command line speaks REST"},
	{"BASIC__PROMETHEUSPORT", "/metrics is on the port of the API"},
	{"BASIC__PPROF", "profiles are not served"},
	{"BASIC__PLUGINHOSTS", "there are no plugins"},
	{"BASIC__IGNORECASE", "names of columns keep their case"},
	{"BASIC__SQL__", "databases have their own settings"},
	{"BASIC__ENABLEOPENZITI", "OpenZiti is not built in"},
	{"BASIC__RESOURCEPROFILECONFIG__", "the time of rules is not measured that way"},
	{"BASIC__METRICSDUMPCONFIG__", "figures are not kept; let Prometheus keep them"},
	{"BASIC__ENABLERESTAUDITLOG", "requests are in the log at level debug"},
	{"BASIC__ENABLEPRIVATENET", "private addresses are reachable always"},
	{"BASIC__CFGSTORAGETYPE", "definitions are kept in DataDir"},
	{"RULE__LOGFILENAME", "rules have no log files of their own"},
	{"STORE__", "definitions and states are kept in DataDir"},
	{"PORTABLE__", "there are no plugins"},
	{"OPENTELEMETRY__", "traces are not written"},
	{"CONNECTION__", "connections are tried for as long as they are needed"},
	{"SECURITY__", "connectors have their own settings"},
}

// withoutEffect is the reason why a variable does nothing, or "".
func withoutEffect(name string) string {
	for _, e := range ineffective {
		if strings.HasPrefix(name, kuiperPrefix+e.prefix) {
			return e.reason
		}
	}
	return ""
}

// shown is the value of the key as the documentation and comparisons have it.
func (k *key) shown(s *settings) string {
	switch f := k.field(s).(type) {
	case *string:
		return *f
	case *bool:
		return strconv.FormatBool(*f)
	case *int:
		return strconv.Itoa(*f)
	case *int64:
		return shownBytes(*f)
	case *time.Duration:
		return f.String()
	case **time.Location:
		return (*f).String()
	case entry:
		return f.shown()
	}
	return ""
}
